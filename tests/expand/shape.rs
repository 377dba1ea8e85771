//! What a macro sees of its target.

use insta::assert_snapshot;
use msc::expand::Flavour;
use msc::macros::shape::{Input, TypeRef};

use crate::support::World;

fn seen(declaration: &str) -> Input {
    let world = World::new(&[("/a.ms", &format!("macro m(ctx: MacroContext, ...x: Name[]) {{}}\n{declaration}\n"))]);
    world.known("/a.ms", Flavour::Check).pending[0].input()
}

fn ty(ty: Option<&TypeRef>) -> String {
    ty.map_or_else(String::new, |ty| {
        let args: Vec<String> = ty.args.iter().map(|arg| self::ty(Some(arg))).collect();
        let args = if args.is_empty() { String::new() } else { format!("<{}>", args.join(", ")) };
        format!("{:?} {}{args}", ty.kind, ty.name.as_deref().unwrap_or(&ty.text))
    })
}

/// One line for each thing that the target has.
fn drawn(input: &Input) -> String {
    let target = input.target.as_ref().unwrap();
    let mut lines = vec![format!(
        "{:?} {:?} exported {} abstract {} doc {:?}",
        target.kind,
        target.name.as_ref().map(|name| name.text.as_str()),
        target.is_exported,
        target.is_abstract,
        target.doc
    )];
    for param in &target.type_parameters {
        let text = |part: &Option<msc::macros::shape::Syntax>| part.as_ref().map(|part| part.text.clone());
        lines.push(format!("<{}> {:?} {:?}", param.name.text, text(&param.constraint), text(&param.default)));
    }
    lines.extend(target.extends.iter().map(|part| format!("extends {}", ty(Some(part)))));
    lines.extend(target.implements.iter().map(|part| format!("implements {}", ty(Some(part)))));
    for field in &target.fields {
        let mut flags = String::new();
        for (flag, is_set) in [
            ("static ", field.is_static),
            ("readonly ", field.is_readonly),
            ("optional ", field.is_optional),
            ("private ", field.is_private),
            ("parameter ", field.is_parameter),
        ] {
            flags.push_str(if is_set { flag } else { "" });
        }
        let attributes: Vec<&str> = field.attributes.iter().map(|attribute| attribute.name.as_str()).collect();
        lines.push(format!(
            "field {flags}{}: {} = {:?} {attributes:?} {:?}",
            field.name.text,
            ty(field.ty.as_ref()),
            field.initializer.as_ref().map(|value| value.text.as_str()),
            field.doc
        ));
    }
    for method in &target.methods {
        let params: Vec<String> = method
            .params
            .iter()
            .map(|param| {
                let rest = if param.is_rest { "..." } else { "" };
                let optional = if param.is_optional { "?" } else { "" };
                format!("{rest}{}{optional}: {}", param.name.text, ty(param.ty.as_ref()))
            })
            .collect();
        lines.push(format!(
            "method {} static {} async {} private {} {:?} ({}): {} {:?}",
            method.name.text,
            method.is_static,
            method.is_async,
            method.is_private,
            method.accessor,
            params.join(", "),
            ty(method.return_type.as_ref()),
            method.attributes.iter().map(|attribute| &attribute.name).collect::<Vec<_>>()
        ));
    }
    lines.extend(target.constructor.iter().map(|params| format!("constructor of {}", params.len())));
    lines.extend(target.params.iter().map(|param| format!("param {}: {}", param.name.text, ty(param.ty.as_ref()))));
    lines.extend(target.members.iter().map(|member| {
        format!("member {} = {:?}", member.name.text, member.initializer.as_ref().map(|value| &value.text))
    }));
    lines.push(format!("type {} returns {}", ty(target.ty.as_ref()), ty(target.return_type.as_ref())));
    lines.extend(target.attributes.iter().map(|attribute| {
        let args: Vec<&str> = attribute.args.iter().map(|arg| arg.text.as_str()).collect();
        format!("@{} {args:?}", attribute.name)
    }));
    lines.push(target.syntax.text.lines().next().unwrap_or("").to_owned());
    lines.join("\n")
}

#[test]
fn a_class() {
    let input = seen(
        "/**
 * A user.
 * @see nobody
 */
@m(A, b.c) @other(1, \"x\")
export abstract class Foo<T extends object = {}, U> extends ns.Bar<T> implements Baz, Q.R<T> {
  /** Its name. */
  @skip private readonly a?: string = \"x\";
  static #b = 1;
  'quoted key': Map<string, Array<T | null>>;
  constructor(x: number);
  constructor(public readonly p: readonly string[], @inj() private q?: [number, last: T], ...rest: any[]) { super(); }
  over(a: string): void;
  @memo async get<V>(a = 1, b?: V, ...c: V[]): Promise<V> { return 1; }
  get foo(): \"a\" | \"b\" & C { return 1; }
  protected abstract m(): (x: number) => void;
  [k: string]: any;
  static { f(); }
  on = () => 1;
}",
    );
    assert_snapshot!(drawn(&input), @r#"
    Class Some("Foo") exported true abstract true doc Some("A user.\n@see nobody")
    <T> Some("object") Some("{}")
    <U> None None
    extends Named ns.Bar<Named T>
    implements Named Baz
    implements Named Q.R<Named T>
    field readonly optional private a: Keyword string = Some("\"x\"") ["skip"] Some("Its name.")
    field static private #b:  = Some("1") [] None
    field 'quoted key': Named Map<Keyword string, Named Array<Union T | null<Named T, Keyword null>>> = None [] None
    field readonly parameter p: Array readonly string[]<Keyword string> = None [] None
    field optional private parameter q: Tuple [number, last: T]<Keyword number, Named T> = None ["inj"] None
    field on:  = Some("() => 1") [] None
    method get static false async true private false None (a: , b?: Named V, ...c: Array V[]<Named V>): Named Promise<Named V> ["memo"]
    method foo static false async false private false Some("get") (): Union "a" | "b" & C<Literal "a", Intersection "b" & C<Literal "b", Named C>> []
    method m static false async false private true None (): Function (x: number) => void []
    constructor of 3
    type  returns 
    @m ["A", "b.c"]
    @other ["1", "\"x\""]
    abstract class Foo<T extends object = {}, U> extends ns.Bar<T> implements Baz, Q.R<T> {
    "#);
}

#[test]
fn other_declarations() {
    assert_snapshot!(drawn(&seen("@m interface I<T> extends J<T>, K { readonly a?: string; m(x: T): void; get z(): string }")), @r#"
    Interface Some("I") exported false abstract false doc None
    <T> None None
    extends Named J<Named T>
    extends Named K
    field readonly optional a: Keyword string = None [] None
    method m static false async false private false None (x: Named T): Keyword void []
    method z static false async false private false Some("get") (): Keyword string []
    type  returns 
    @m []
    interface I<T> extends J<T>, K { readonly a?: string; m(x: T): void; get z(): string }
    "#);
    assert_snapshot!(drawn(&seen("@m export enum E { A = 1, \"b c\", C = A | 2 }")), @r#"
    Enum Some("E") exported true abstract false doc None
    member A = Some("1")
    member "b c" = None
    member C = Some("A | 2")
    type  returns 
    @m []
    enum E { A = 1, "b c", C = A | 2 }
    "#);
    assert_snapshot!(drawn(&seen("@m type T<A> = { a: A } | undefined;")), @r#"
    TypeAlias Some("T") exported false abstract false doc None
    <A> None None
    type Union { a: A } | undefined<Object { a: A }, Keyword undefined> returns 
    @m []
    type T<A> = { a: A } | undefined;
    "#);
    assert_snapshot!(drawn(&seen("@m export default async function f<T>(this: X, { a }: O, ...b: T[]): asserts a is string {}")), @r#"
    Function Some("f") exported true abstract false doc None
    <T> None None
    param { a }: Named O
    param b: Array T[]<Named T>
    type  returns Other asserts a is string
    @m []
    async function f<T>(this: X, { a }: O, ...b: T[]): asserts a is string {}
    "#);
    assert_snapshot!(drawn(&seen("@m export const x: number = 1;")), @r#"
    Variable Some("x") exported true abstract false doc None
    type Keyword number returns 
    @m []
    const x: number = 1;
    "#);
    assert_snapshot!(drawn(&seen("class A { @m @n static async f(x: bigint): Promise<void> {} }")), @r#"
    Member Some("f") exported false abstract false doc None
    param x: Keyword bigint
    type  returns Named Promise<Keyword void>
    @m []
    @n []
    static async f(x: bigint): Promise<void> {}
    "#);
    assert_snapshot!(drawn(&seen("class A { /** F. */ @m f?: symbol = s; }")), @r#"
    Member Some("f") exported false abstract false doc Some("F.")
    type Keyword symbol returns 
    @m []
    f?: symbol = s
    "#);
    assert_snapshot!(drawn(&seen("function f(@m a: string = \"b\") {}")), @r#"
    Parameter Some("a") exported false abstract false doc None
    type Keyword string returns 
    @m []
    a: string = "b"
    "#);
}

fn first_type(declaration: &str) -> TypeRef {
    seen(declaration).target.unwrap().fields.into_iter().next().unwrap().ty.unwrap()
}

#[test]
fn parts_of_tuples_say_whether_they_are_optional_or_take_the_rest() {
    let named = first_type("@m class A { a: [x: number, y?: string, ...z: boolean[]] }");
    let plain = first_type("@m class A { a: readonly [number, string?, ...boolean[]] }");
    let parts = |tuple: &TypeRef| tuple.args.iter().map(|part| self::ty(Some(part))).collect::<Vec<_>>();
    assert_eq!(
        parts(&named),
        [
            "Keyword number",
            "Optional y?: string<Keyword string>",
            "Rest ...z: boolean[]<Array boolean[]<Keyword boolean>>"
        ]
    );
    assert_eq!(
        parts(&plain),
        ["Keyword number", "Optional string?<Keyword string>", "Rest ...boolean[]<Array boolean[]<Keyword boolean>>"]
    );
}

#[test]
fn object_types_have_fields_and_an_index_signature() {
    let object = first_type(
        "@m class A { a: { /** Its name. */ readonly a: string; 'b c'?: { d: Date }; m(): void; [k: string]: number[]; (): 1 } }",
    );
    let fields: Vec<String> = object
        .fields
        .iter()
        .map(|field| {
            let inner: Vec<&str> =
                field.ty.iter().flat_map(|ty| &ty.fields).map(|inner| inner.name.text.as_str()).collect();
            let ty = self::ty(field.ty.as_ref());
            format!("{} {ty} {} {} {:?} {inner:?}", field.name.text, field.is_readonly, field.is_optional, field.doc)
        })
        .collect();
    assert_eq!(
        fields,
        [
            "a Keyword string true false Some(\"Its name.\") []",
            "'b c' Object { d: Date } false true None [\"d\"]",
            "m Function m(): void false false None []"
        ]
    );
    assert_eq!(
        object.args.iter().map(|part| self::ty(Some(part))).collect::<Vec<_>>(),
        ["Keyword string", "Array number[]<Keyword number>"]
    );
}

#[test]
fn a_declared_class_is_told_from_one_that_is_there() {
    for (declaration, is_declared) in [
        ("@m class A {}", false),
        ("@m export class A {}", false),
        ("@m declare class A {}", true),
        ("@m export declare abstract class A {}", true),
        ("export @m class A {}", false),
        ("declare namespace N { @m class A {} }", true),
        ("declare module 'x' { @m export class A {} }", true),
        ("namespace N { @m export class A {} }", false),
        ("@m declare function f(): void;", true),
    ] {
        assert_eq!(seen(declaration).target.unwrap().is_declared, is_declared, "{declaration}");
    }
}

#[test]
fn declare_around_a_class_is_part_of_the_use() {
    let digest = |declaration: &str| {
        let world = World::new(&[("/a.ms", &format!("macro m(ctx: MacroContext) {{}}\n{declaration}\n"))]);
        world.known("/a.ms", Flavour::Check).pending[0].digest()
    };
    assert_ne!(digest("namespace N { @m class A {} }"), digest("declare namespace N { @m class A {} }"));
    assert_eq!(digest("namespace N { @m class A {} }"), digest("namespace M { @m class A {} }"));
}
