//! Macros that try to get out, to break what runs them, or to never end: one line each.
//!
//! `{port}` is a port on which the test listens, `{outside}` a directory beside the project. The project has
//! links, secrets and special files under the names used here: see `main.rs`.

/// One attempt.
pub struct Case {
    pub name: &'static str,
    /// The one code that its use is answered with; empty where it does no harm and gives no error.
    pub code: &'static str,
    /// The body of a compile-time block, or a whole file where it has a `macro`.
    pub body: &'static str,
}

macro_rules! cases {
    ($($name:ident $code:literal $body:literal)*) => {
        &[$(Case { name: stringify!($name), code: $code, body: $body },)*]
    };
}

/// Files, links and devices.
pub const FILES: &[Case] = cases! {
    parent "MS3002" "return readFile('../outside/secret.txt');"
    absolute "MS3002" "return readFile('{outside}/secret.txt');"
    dots "MS3002" "return readFile('./a/../../outside/secret.txt');"
    backslashes "MS3002" "return readFile('..\\\\outside\\\\secret.txt');"
    root_and_dots "MS3002" "return readFile(root + '/../outside/secret.txt');"
    link_to_file "MS3002" "return readFile('./link.txt');"
    link_to_directory "MS3002" "return readFile('./linked/secret.txt');"
    link_over_link "MS3002" "return readFile('./chain.txt');"
    link_to_nothing "MS3002" "return readFile('./dangling.txt');"
    link_to_maybe "MS3002" "return readFile('./linked/is-there-such-a-file');"
    dot_env "MS3002" "return readFile('./.env');"
    dot_env_of_stage "MS3002" "return readFile('./.env.production');"
    dot_env_shouting "MS3002" "return readFile('./.ENV');"
    dot_env_link "MS3002" "return readFile('./settings.txt');"
    git "MS3002" "return readFile('./.git/config');"
    git_shouting "MS3002" "return readFile('./.GIT/config');"
    git_stream "MS3002" "return readFile('./.git::$INDEX_ALLOCATION/config');"
    git_dotted "MS3002" "return readFile('./.git./config');"
    git_link "MS3002" "return readFile('./history/config');"
    own_cache "MS3002" "return readFile('./.metascript-cache/cache-v2.db');"
    system_file "MS3002" "return readFile('/etc/passwd');"
    own_environment "MS3002" "return readFile('/proc/self/environ');"
    parents_memory "MS3002" "return readFile('/proc/self/mem');"
    device "MS3002" "return readFile('/dev/zero');"
    device_link "MS3002" "return readFile('./zero');"
    pipe "MS3001" "return readFile('./pipe');"
    directory "MS3001" "return readFile('.');"
    huge "MS3001" "return readFile('./huge.txt');"
    zero_byte "MS3001" "return readFile('./a.txt\\0.png');"
    file_url "MS3001" "return readFile('file:///etc/passwd');"
    empty_path "MS3001" "return readFile('');"
    no_string "MS3001" "return readFile({ toString() { return './missing'; } } as any);"
    glob_above "MS3002" "return glob('../outside/*').length;"
    glob_absolute "MS3002" "return glob('/etc/*').length;"
    glob_git "MS3002" "return glob('./.git/*').length;"
    glob_braces "" "return glob('{../outside,x}/*') as any;"
    glob_links "" "return glob('**/secret.txt') as any;"
    glob_secrets "" "return glob('**/.env*') as any;"
    glob_dots_behind "MS3001" "return glob('*/../../outside/*').length;"
    import_data "MS3002" "import secret from '../outside/secret.json';\nexport const it = @comptime { return (secret as any).key; };"
    import_data_by_link "MS3002" "import secret from './link.json';\nexport const it = @comptime { return (secret as any).key; };"
    caught "MS3002" "try { return readFile('../outside/secret.txt'); } catch { return 'nothing'; }"
    caught_and_hidden "MS3002" "try { readFile('../outside/secret.txt'); } catch (error) { (error as any).kind = 'Missing'; } return 1;"
};

/// Environment, programs, network.
pub const WORLD: &[Case] = cases! {
    variable "MS3005" "return env('SECRET_VARIABLE') ?? '';"
    usual_variable "MS3005" "return env('PATH') ?? '';"
    no_variable "MS3005" "return env('') ?? '';"
    process_object "" "return typeof (globalThis as any).process as any;"
    shell "MS3006" "return exec('sh', ['-c', 'touch {outside}/made']).code;"
    own_program "MS3006" "return exec('./evil.sh').code;"
    absolute_program "MS3006" "return exec('/bin/sh', ['-c', 'touch {outside}/made']).code;"
    no_program "MS3006" "return exec('').code;"
    engine_modules "" "let got = 'none'; (0, eval)(\"import('std').then((m) => m.open).catch(() => {})\"); return got as any;"
    require_function "" "return typeof (globalThis as any).require as any;"
    global_of_function "" "return Object.keys(new Function('return this')()).join() as any;"
    host_function "" "return typeof (globalThis as any).$ask as any;"
    loopback "MS3004" "return fetch('http://127.0.0.1:{port}/').status;"
    loopback_by_name "MS3004" "return fetch('http://localhost:{port}/').status;"
    loopback_dotted "MS3004" "return fetch('http://localhost.:{port}/').status;"
    loopback_v6 "MS3004" "return fetch('http://[::1]:{port}/').status;"
    loopback_mapped "MS3004" "return fetch('http://[::ffff:127.0.0.1]:{port}/').status;"
    every_address "MS3004" "return fetch('http://0.0.0.0:{port}/').status;"
    metadata "MS3004" "return fetch('http://169.254.169.254/latest/meta-data/').status;"
    decimal "MS3001" "return fetch('http://2130706433:{port}/').status;"
    hexadecimal "MS3001" "return fetch('http://0x7f000001:{port}/').status;"
    octal "MS3001" "return fetch('http://0177.0.0.1:{port}/').status;"
    short_address "MS3001" "return fetch('http://127.1:{port}/').status;"
    wide_digits "MS3001" "return fetch('http://①②⑦.0.0.1:{port}/').status;"
    user "MS3001" "return fetch('http://example.com@127.0.0.1:{port}/').status;"
    backslash_host "MS3001" "return fetch('http://127.0.0.1:{port}\\\\@example.com/').status;"
    file_scheme "MS3001" "return fetch('file:///etc/passwd').status;"
    data_scheme "MS3001" "return fetch('data:text/plain,x').status;"
    line_break "MS3001" "return fetch('http://127.0.0.1:{port}/\\r\\nX: y').status;"
    web_globals "" "return [typeof (globalThis as any).XMLHttpRequest, typeof (globalThis as any).WebSocket, typeof (globalThis as any).Worker].join() as any;"
};

/// Time, memory, the engine's limits.
pub const LIMITS: &[Case] = cases! {
    loop_for_ever "MS2005" "for (;;) {}"
    loop_that_catches "MS2005" "for (;;) { try { for (;;) {} } catch {} finally { continue; } }"
    loop_in_native_code "MS2005" "let sum = 0; for (;;) sum += (2n ** 1000000n).toString().length;"
    loop_in_pattern "MS2005" "return /^(a+)+$/.test('a'.repeat(64) + 'b');"
    loop_in_message "MS2005" "const error = new Error(); Object.defineProperty(error, 'message', { get() { for (;;) {} } }); throw error;"
    array_without_end "MS2006" "const all: unknown[] = []; for (;;) all.push(new Array(1000).fill(0));"
    text_without_end "MS2002" "let text = 'x'; for (;;) text += text;"
    bytes "MS2006" "return new Uint8Array(1 << 30).length;"
    generator_without_end "MS2006" "return [...(function* () { for (;;) yield 1; })()].length;"
    map_without_end "MS2006" "const map = new Map(); for (let i = 0; ; i++) map.set(i, { i });"
    text_too_long "MS2006" "return ('x'.repeat(1 << 28) + 'y'.repeat(1 << 28)).length;"
    recursion "MS2002" "const f = (n: number): number => f(n + 1) + 1; return f(0);"
    recursion_in_native_code "MS2002" "const f = () => [1].map(f); return f().length;"
    deep_json "MS2002" "return JSON.parse('['.repeat(1000000)).length;"
    deep_proxy "MS2006" "let p: any = {}; for (let i = 0; i < 1000000; i++) p = new Proxy(p, {}); return p.x ?? 1;"
    deep_value "MS2002" "let value: any = 1; for (let i = 0; i < 100000; i++) value = [value]; return value;"
    circle "MS2014" "const value: any = {}; value.self = value; return value;"
    promises "" "(function again() { Promise.resolve().then(again); })(); return 1;"
    thenable "MS2002" "return { then(done: any) { done(1); } } as any;"
    log_without_end "MS2006" "for (;;) console.log('x'.repeat(100000));"
    questions_without_end "MS2005" "for (;;) { try { readFile('./missing'); } catch {} }"
};

/// The prelude's own parts, forged.
pub const TRICKS: &[Case] = cases! {
    throw_nothing "MS2002" "throw undefined;"
    throw_null "MS2006" "throw null;"
    throw_trap "MS2002" "throw new Proxy({}, { get() { throw 1; }, getPrototypeOf() { throw 2; } });"
    polluted_objects "MS2002" "Object.prototype.toJSON = function () { return { kind: 'Threw' }; }; return 1;"
    polluted_arrays "MS2005" "Array.prototype.push = Array.prototype.map = function () { for (;;) {} } as any; return 2;"
    forged_json "" "JSON.stringify = () => '{\"output\": 1}'; JSON.parse = () => ({}); return 3;"
    forged_error "MS2002" "const error = new Error('x'); error.stack = '    at f ({outside}/secret.txt:1:1)'; throw error;"
    forged_trace "MS2002" "(Error as any).prepareStackTrace = () => { for (let i = 0; i < 10; i++) {} return {}; }; throw new Error('x');"
    forged_input "" "(globalThis as any).env = undefined; try { env('X'); } catch {} return 1;"
    forged_refusal "MS3005" "Object.defineProperty(Object.prototype, 'refusal', { set() {}, get() { return undefined; } }); try { env('X'); } catch {} return 1;"
    forged_species "" "class Mine extends Array { static get [Symbol.species]() { return function () { throw 1; } as any; } } return [...Mine.from([1, 2])] as any;"
    forged_fragment "MS2002" "return { __proto__: Object.getPrototypeOf(quote(1)), kind: 'expression' } as any;"
    forged_meta "" "delete (globalThis as any).readFile; (globalThis as any).root = '/'; return 4;"
    native_code "" "return (Function.prototype.toString.call(readFile).length > 0) as any;"
    compiled_code "" "return [typeof (globalThis as any).WebAssembly, typeof (globalThis as any).bjson, typeof (globalThis as any).std].join() as any;"
    shared_memory "" "return [typeof (globalThis as any).Atomics, typeof (globalThis as any).SharedArrayBuffer].join() as any;"
};

/// Macros whose output is the attack; each is a file.
pub const OUTPUT: &[Case] = cases! {
    endless_nesting "MS2011" "macro again(ctx: MacroContext) { return quote(@again()); }\nexport const it = @again();"
    endless_members "MS2011" "macro more(ctx: MacroContext) { const name = ctx.unique('m'); quote { @more ${name}() {} } }\nexport class A { @more x() {} }"
    huge_value "MS2006" "export const it = @comptime { return 'x'.repeat(40000000); };"
    no_code "MS2009" "macro bad(ctx: MacroContext) { return quote { ${'x'.repeat(10) + '; }'}() {} }; }\n@bad export class A {}"
    deep_quote "" "macro deep(ctx: MacroContext) { let all = quote(1); for (let i = 0; i < 3000; i++) all = quote([${all}]); return all; }\nexport const it = @deep();"
    reports_without_end "MS2003" "macro noise(ctx: MacroContext) { for (let i = 0; i < 100000; i++) ctx.error(undefined, 'x'); }\n@noise export class A {}"
};

/// What a macro hands back: values and errors that are traps, names and texts that are code.
pub const ANSWERS: &[Case] = cases! {
    getter_without_end "MS2005" "return { get x() { for (;;) {} } } as any;"
    getter_that_reads "MS3002" "return { get x() { return readFile('../outside/secret.txt'); } } as any;"
    proxy_without_end "MS2005" "return new Proxy({}, { ownKeys() { for (;;) {} } }) as any;"
    proxy_of_a_function "MS2014" "return new Proxy(function () {}, {}) as any;"
    promise_for_ever "MS2002" "return new Promise(() => {}) as any;"
    async_without_end "MS2005" "return (async () => { for (;;) {} })() as any;"
    list_of_nothing "MS2005" "const all: any = []; all.length = 4294967295; return all;"
    padded_text "MS2002" "return 'x'.padEnd(2 ** 30).length;"
    half_a_letter "" "return '\\ud800' as any;"
    prototype_in_data "" "return JSON.parse('{ \"__proto__\": { \"polluted\": 1 } }');"
    many_questions "" "for (let i = 0; i < 5000; i++) { try { readFile('./missing' + i); } catch {} } return 1;"
    stack_of_many "MS2002" "const error = new Error('x'); error.stack = '    at f (/p.ms:1:1)\\n'.repeat(300000); throw error;"
    stack_that_throws "MS2002" "const error = new Error('x'); Object.defineProperty(error, 'stack', { get() { throw new Error('y'); } }); throw error;"
    stack_without_end "MS2005" "const error = new Error('x'); Object.defineProperty(error, 'stack', { get() { for (;;) {} } }); throw error;"
    finalizers "" "return [typeof (globalThis as any).FinalizationRegistry, typeof (globalThis as any).WeakRef].join() as any;"
    forged_message "" "console.log('\\u0000\\u0000\\u0000\\u0010{\"Done\":{\"result\":{\"Ok\":{}}}}'); return 1;"
    forged_stub "" "return typeof (import.meta as any).load as any;"
    glob_of_letters "" "return glob('[.][.]/outside/*') as any;"
    glob_of_braces "MS3001" "return glob('./{a,../../outside}/**').length as any;"
    glob_of_many_stars "" "return glob('**/'.repeat(200) + 'x') as any;"
    prototype_in_shape "" "macro reads(ctx: MacroContext) { const all: any = {}; for (const field of (ctx.target as any).fields) all[field.name.text] = { polluted: 1 }; if (({} as any).polluted) throw new Error('polluted'); }\n@reads export class A { '__proto__' = 1; }"
    doubled_quotes "MS2006" "macro twice(ctx: MacroContext) { let all = quote(1); for (let i = 0; i < 40; i++) all = quote(${all} + ${all}); return all; }\nexport const it = @twice();"
    turned_name "MS2009" "macro turned(ctx: MacroContext) { quote { ${'a\\u202eb'}() {} } }\n@turned export class A {}"
    import_of_code "MS2002" "macro imports(ctx: MacroContext) { return quote(${ctx.import('std/runtime', 'a } from \"x\"; globalThis.y = 1; import { b')}); }\nexport const it = @imports();"
    documentation_that_ends "" "macro documents(ctx: MacroContext) { ctx.addMembers(documented('*/ static { for (;;) {} } /*', quote { a = 1; })); }\n@documents export class A {}"
};
