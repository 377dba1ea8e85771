// The tokens that a regular expression cannot describe.
//
// The scanner keeps no state. Everything it needs to know about its surroundings it learns from the set
// of tokens that the parser would accept, and everything else from the text ahead of it.
//
// How a call proceeds: white space (and, where a semicolon could be inserted, comments) is passed over
// once; the word that follows is read once; then each token in question is decided by these.

#include "tree_sitter/parser.h"

#include <string.h>
#include <wctype.h>

// The order is that of `externals` in grammar.js, after those of the inherited grammars.
enum TokenType {
    AUTOMATIC_SEMICOLON,
    TEMPLATE_CHARS,
    TERNARY_QMARK,
    HTML_COMMENT,
    // Never produced here: valid where a binary operator is, that is, after a complete expression.
    LOGICAL_OR,
    // Never produced here: valid inside a string or a template.
    ESCAPE_SEQUENCE,
    // Never produced here: valid inside a regular expression.
    REGEX_PATTERN,
    // Never produced: valid after the head of a function, which a block on the next line continues.
    FUNCTION_SIGNATURE_AUTOMATIC_SEMICOLON,
    ERROR_RECOVERY,
    MACRO_KEYWORD,
    EXTERN_KEYWORD,
    QUOTE_KEYWORD,
    DEFER_KEYWORD,
    OUT_KEYWORD,
    USING_KEYWORD,
    GLOBAL_KEYWORD,
    IDENTIFIER_FRAGMENT,
    FRAGMENT_TAIL,
    SPLICE_OPEN,
    JOINED_SPLICE_OPEN,
    // Between a decorator and what it decorates, in place of the semicolon that a new line would be.
    AFTER_STATEMENT_DECORATOR,
    AFTER_DECORATOR,
    // Between the name of a macro and `<`, where this begins type arguments.
    BEFORE_TYPE_ARGUMENTS,
    // There, where it is an operator.
    NO_TYPE_ARGUMENTS,
    // The `<` of type arguments whose first is a function with type parameters of its own, `A<<T>(x: T) => T>`.
    TYPE_ARGUMENTS_OPEN,
    // Never produced: valid after a member of an object type.
    AFTER_OBJECT_TYPE_MEMBER,
    // Never produced: valid after the name of a member that may be a method.
    AFTER_MEMBER_NAME,
    // Never produced: valid after `await`, whose operand may begin on the next line.
    AFTER_AWAIT,
    // Never produced: valid after what cannot be called, the block of an arrow function or `x++`.
    AFTER_UNCALLABLE,
};

enum { WORD_SIZE = 16 };

// A word, or its beginning where it is longer than any keyword.
typedef struct {
    char text[WORD_SIZE];
    unsigned length;
} Word;

static void advance(TSLexer *lexer) { lexer->advance(lexer, false); }

static void skip(TSLexer *lexer) { lexer->advance(lexer, true); }

// Asking the lexer is a call; a zero is all it can be.
static bool at_end(TSLexer *lexer) { return lexer->lookahead == 0 && lexer->eof(lexer); }

static bool is_newline(int32_t c) { return c == '\n' || c == '\r' || c == 0x2028 || c == 0x2029; }

static bool is_space(int32_t c) {
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0xA0 || c == 0xFEFF || c == 0x2060 || c == 0x200B ||
           c == 0x2028 || c == 0x2029 || (c > 0x7F && iswspace((wint_t)c));
}

static bool is_digit(int32_t c) { return c >= '0' && c <= '9'; }

// Every character of every word is asked for, hence tables for ASCII: 1 may begin a word, 2 may only go on.
static const uint8_t WORD[128] = {
    ['$'] = 1,  ['\\'] = 1, ['_'] = 1,  ['0'] = 2, ['1'] = 2, ['2'] = 2, ['3'] = 2, ['4'] = 2, ['5'] = 2, ['6'] = 2,
    ['7'] = 2,  ['8'] = 2,  ['9'] = 2,  ['A'] = 1, ['B'] = 1, ['C'] = 1, ['D'] = 1, ['E'] = 1, ['F'] = 1, ['G'] = 1,
    ['H'] = 1,  ['I'] = 1,  ['J'] = 1,  ['K'] = 1, ['L'] = 1, ['M'] = 1, ['N'] = 1, ['O'] = 1, ['P'] = 1, ['Q'] = 1,
    ['R'] = 1,  ['S'] = 1,  ['T'] = 1,  ['U'] = 1, ['V'] = 1, ['W'] = 1, ['X'] = 1, ['Y'] = 1, ['Z'] = 1, ['a'] = 1,
    ['b'] = 1,  ['c'] = 1,  ['d'] = 1,  ['e'] = 1, ['f'] = 1, ['g'] = 1, ['h'] = 1, ['i'] = 1, ['j'] = 1, ['k'] = 1,
    ['l'] = 1,  ['m'] = 1,  ['n'] = 1,  ['o'] = 1, ['p'] = 1, ['q'] = 1, ['r'] = 1, ['s'] = 1, ['t'] = 1, ['u'] = 1,
    ['v'] = 1,  ['w'] = 1,  ['x'] = 1,  ['y'] = 1, ['z'] = 1,
};

static bool is_word_start(int32_t c) { return (uint32_t)c < 0x80 ? WORD[c] == 1 : !is_space(c); }

static bool is_word_part(int32_t c) { return (uint32_t)c < 0x80 ? WORD[c] != 0 : !is_space(c); }

static bool is(const Word *word, const char *text) {
    return word->length < WORD_SIZE && strlen(text) == word->length && memcmp(word->text, text, word->length) == 0;
}

static bool is_one_of(const Word *word, const char *const *texts) {
    for (; *texts; texts++) {
        if (is(word, *texts)) return true;
    }
    return false;
}

static void put(Word *word, int32_t c) {
    if (word->length < WORD_SIZE) word->text[word->length++] = c < 0x80 ? (char)c : '?';
}

static void read_word(TSLexer *lexer, Word *word) {
    word->length = 0;
    while (is_word_part(lexer->lookahead)) {
        put(word, lexer->lookahead);
        advance(lexer);
    }
}

// ---------------------------------------------------------------------------------------------------
// Looking ahead. None of this ends up in a token: the end of the token was marked before.

// After a `/`. Returns false if no comment begins with it.
static bool pass_comment(TSLexer *lexer, bool *newline) {
    if (lexer->lookahead == '/') {
        while (!at_end(lexer) && !is_newline(lexer->lookahead)) advance(lexer);
        return true;
    }
    if (lexer->lookahead != '*') return false;
    advance(lexer);
    while (!at_end(lexer)) {
        int32_t c = lexer->lookahead;
        if (is_newline(c)) *newline = true;
        advance(lexer);
        if (c == '*' && lexer->lookahead == '/') {
            advance(lexer);
            break;
        }
    }
    return true;
}

// Passes over white space and comments. Returns false if it has eaten a `/` that is no comment.
static bool pass_trivia(TSLexer *lexer, bool *newline) {
    for (;;) {
        if (is_space(lexer->lookahead)) {
            if (is_newline(lexer->lookahead)) *newline = true;
            advance(lexer);
        } else if (lexer->lookahead == '/') {
            advance(lexer);
            if (!pass_comment(lexer, newline)) return false;
        } else {
            return true;
        }
    }
}

// Passes over trivia up to something on the same line.
static bool same_line(TSLexer *lexer) {
    bool newline = false;
    return pass_trivia(lexer, &newline) && !newline && !at_end(lexer);
}

static void pass_string(TSLexer *lexer) {
    int32_t quote = lexer->lookahead;
    advance(lexer);
    while (!at_end(lexer) && !is_newline(lexer->lookahead)) {
        int32_t c = lexer->lookahead;
        advance(lexer);
        if (c == quote) return;
        if (c == '\\' && !at_end(lexer)) advance(lexer);
    }
}

static void pass_regex(TSLexer *lexer) {
    bool in_class = false;
    while (!at_end(lexer) && !is_newline(lexer->lookahead)) {
        int32_t c = lexer->lookahead;
        advance(lexer);
        if (c == '\\' && !at_end(lexer)) advance(lexer);
        if (c == '[') in_class = true;
        if (c == ']') in_class = false;
        if (c == '/' && !in_class) return;
    }
}

// Passes over everything between a bracket, which is the next character, and its partner. Brackets are
// counted, not matched by kind: where they do not match there is a syntax error anyway. Templates are
// levels too; a bit for each level tells whether it is one.
static bool pass_brackets(TSLexer *lexer, bool angle) {
    enum { MAX_DEPTH = 64 };
    uint64_t templates = 0;
    unsigned depth = 0;
    bool operand = false;
    do {
        int32_t c = lexer->lookahead;
        if (at_end(lexer)) return false;
        bool in_template = depth > 0 && (templates >> (depth - 1)) & 1;
        if (in_template) {
            advance(lexer);
            if (c == '\\' && !at_end(lexer)) {
                advance(lexer);
            } else if (c == '`') {
                depth--;
                operand = true;
            } else if (c == '$' && lexer->lookahead == '{') {
                if (depth == MAX_DEPTH) return false;
                advance(lexer);
                templates &= ~(1ull << depth);
                depth++;
                operand = false;
            }
            continue;
        }
        if (is_word_part(c)) {
            do advance(lexer);
            while (is_word_part(lexer->lookahead));
            operand = true;
            continue;
        }
        if (c == '"' || c == '\'') {
            pass_string(lexer);
            operand = true;
            continue;
        }
        advance(lexer);
        bool newline;
        switch (c) {
            case '/':
                if (!pass_comment(lexer, &newline) && !operand) {
                    pass_regex(lexer);
                    operand = true;
                }
                break;
            case '=':
                // The `>` of an arrow closes nothing.
                if (lexer->lookahead == '>') advance(lexer);
                operand = false;
                break;
            case '<':
                if (!angle) {
                    operand = false;
                    break;
                }
                // fall through
            case '(':
            case '[':
            case '{':
            case '`':
                if (depth == MAX_DEPTH) return false;
                templates = c == '`' ? templates | 1ull << depth : templates & ~(1ull << depth);
                depth++;
                operand = false;
                break;
            case '>':
                if (!angle) {
                    operand = false;
                    break;
                }
                // fall through
            case ')':
            case ']':
            case '}':
                if (angle && depth == 1 && c != '>') return false;
                depth--;
                operand = c != '}';
                break;
            case ';':
                if (angle && depth == 1) return false;
                operand = false;
                break;
            default:
                if (!is_space(c)) operand = false;
        }
    } while (depth > 0);
    return true;
}

// At the `<` after the name of a macro. Whether type arguments begin there: the bracket is closed, and what
// follows could not be the operand of a comparison.
static bool type_arguments_follow(TSLexer *lexer) {
    bool newline = false;
    if (!pass_brackets(lexer, true) || !pass_trivia(lexer, &newline)) return false;
    int32_t c = lexer->lookahead;
    return newline || at_end(lexer) || !(is_digit(c) || c == '"' || c == '\'' || c == '`' || c == '@' || c == '[' ||
                                             c == '-' || c == '+' || c == '!' || c == '~' || c == '<' || c == '>' || c == '=');
}

// At the second `<` of a `<<`. Whether it begins the type parameters of a function type.
static bool generic_function_follows(TSLexer *lexer) {
    bool newline = false;
    if (!pass_brackets(lexer, true) || !pass_trivia(lexer, &newline)) return false;
    if (lexer->lookahead != '(' || !pass_brackets(lexer, false) || !pass_trivia(lexer, &newline)) return false;
    if (lexer->lookahead != '=') return false;
    advance(lexer);
    return lexer->lookahead == '>';
}

static const char *const BINARY_WORDS[] = {"in", "instanceof", "as", "satisfies", "of", "is", "extends", NULL};

// Whether a name follows on the same line, as it does after a contextual keyword.
static bool name_follows(TSLexer *lexer) {
    if (!same_line(lexer) || !is_word_start(lexer->lookahead)) return false;
    Word word;
    read_word(lexer, &word);
    return !is_one_of(&word, BINARY_WORDS);
}

// Whether a variable follows on the same line. One named `of` must show that it is none of `for (using of x)`.
static bool variable_follows(TSLexer *lexer, bool awaited) {
    if (!same_line(lexer)) return false;
    if (lexer->lookahead == '{') return true;
    if (!is_word_start(lexer->lookahead)) return false;
    Word word;
    read_word(lexer, &word);
    if (!is(&word, "of")) return !is_one_of(&word, BINARY_WORDS);
    if (awaited) return true;
    bool newline = false;
    if (!pass_trivia(lexer, &newline)) return false;
    return lexer->lookahead == '=' || lexer->lookahead == ';' || lexer->lookahead == ':';
}

static bool word_follows(TSLexer *lexer, const char *text) {
    if (!same_line(lexer)) return false;
    Word word;
    read_word(lexer, &word);
    return is(&word, text);
}

// Whether `word`, just read, and what follows it begin a declaration that takes attributes.
static bool begins_declaration(TSLexer *lexer, Word *word) {
    static const char *const ALWAYS[] = {"class", "const", "enum", "function", "interface", "var", NULL};
    static const char *const BEFORE_NAME[] = {"declare", "macro", "namespace", "type", NULL};
    if (is(word, "export")) {
        if (!same_line(lexer)) return false;
        if (lexer->lookahead == '@') return true;
        read_word(lexer, word);
        if (is(word, "default")) {
            if (!same_line(lexer)) return false;
            if (lexer->lookahead == '@') return true;
            read_word(lexer, word);
        }
    }
    if (is_one_of(word, ALWAYS)) return true;
    if (is_one_of(word, BEFORE_NAME)) return name_follows(lexer);
    if (is(word, "abstract")) return word_follows(lexer, "class");
    if (is(word, "async")) return word_follows(lexer, "function");
    if (is(word, "extern")) return word_follows(lexer, "macro");
    if (is(word, "let")) {
        bool newline = false;
        return pass_trivia(lexer, &newline) &&
               (is_word_start(lexer->lookahead) || lexer->lookahead == '[' || lexer->lookahead == '{');
    }
    if (is(word, "module")) {
        return same_line(lexer) &&
               (is_word_start(lexer->lookahead) || lexer->lookahead == '"' || lexer->lookahead == '\'');
    }
    return false;
}

// At an `@` that begins a line after a decorator or macro use. Whether the chain of uses that begins here
// ends in a declaration. If so, the use before belongs to it too.
static bool chain_declares(TSLexer *lexer, bool classes_only) {
    // A bound, because each of many uses on lines of their own looks at all that follow it.
    enum { MAX_CHAIN = 64 };
    for (unsigned i = 0; i < MAX_CHAIN; i++) {
        bool newline = false;
        advance(lexer);
        if (lexer->lookahead == '(') {
            if (!pass_brackets(lexer, false)) return false;
        } else {
            for (;;) {
                if (!pass_trivia(lexer, &newline) || !is_word_start(lexer->lookahead)) return false;
                Word name;
                read_word(lexer, &name);
                if (lexer->lookahead != '.') break;
                advance(lexer);
            }
        }
        if (!pass_trivia(lexer, &newline)) return false;
        if (lexer->lookahead == '<' && !pass_brackets(lexer, true)) return false;
        if (!pass_trivia(lexer, &newline)) return false;
        if (lexer->lookahead == '(' && !pass_brackets(lexer, false)) return false;
        if (!pass_trivia(lexer, &newline)) return false;
        if (lexer->lookahead == '@') continue;
        if (!is_word_start(lexer->lookahead)) return false;
        Word word;
        read_word(lexer, &word);
        return classes_only ? is(&word, "class") : begins_declaration(lexer, &word);
    }
    return false;
}

// ---------------------------------------------------------------------------------------------------
// Tokens

static bool scan_template_chars(TSLexer *lexer) {
    bool some = false;
    while (!at_end(lexer)) {
        lexer->mark_end(lexer);
        int32_t c = lexer->lookahead;
        if (c == '`' || c == '\\') break;
        advance(lexer);
        if (c == '$' && lexer->lookahead == '{') break;
        some = true;
    }
    if (at_end(lexer)) return false;
    lexer->result_symbol = TEMPLATE_CHARS;
    return some;
}

// `?` between a condition and its consequence, not that of `a?: T`, `a?.b` and `a ?? b`.
static bool scan_ternary(TSLexer *lexer) {
    advance(lexer);
    lexer->mark_end(lexer);
    lexer->result_symbol = TERNARY_QMARK;
    if (lexer->lookahead == '?') return false;
    if (lexer->lookahead == '.') {
        advance(lexer);
        return is_digit(lexer->lookahead);
    }
    while (is_space(lexer->lookahead)) advance(lexer);
    switch (lexer->lookahead) {
        case ':':
        case ')':
        case ',':
        case ';':
        case '=':
        case ']':
        case '}':
            return false;
        case '.':
            advance(lexer);
            return is_digit(lexer->lookahead);
        default:
            return true;
    }
}

static bool scan_html_comment(TSLexer *lexer, const char *rest) {
    for (; *rest; rest++) {
        if (lexer->lookahead != *rest) return false;
        advance(lexer);
    }
    while (!at_end(lexer) && !is_newline(lexer->lookahead)) advance(lexer);
    lexer->mark_end(lexer);
    lexer->result_symbol = HTML_COMMENT;
    return true;
}

// What the next line must begin with to continue the statement before it, words apart.
static bool continues_statement(TSLexer *lexer, const bool *valid) {
    bool decorated = valid[AFTER_STATEMENT_DECORATOR] || valid[AFTER_DECORATOR];
    int32_t c = lexer->lookahead;
    switch (c) {
        case '`':
            return !valid[AFTER_UNCALLABLE];
        case ',':
        case ';':
        case '%':
        case '>':
        case '=':
        case '?':
        case '^':
        case '|':
        case '&':
        case '/':
        case ':':
            return true;
        case '*':
            // In a type or a list of members this is a generator method.
            return valid[LOGICAL_OR];
        case '.':
            advance(lexer);
            return !is_digit(lexer->lookahead);
        case '<':
            // After a type this is a call signature.
            return !valid[AFTER_OBJECT_TYPE_MEMBER] || valid[AFTER_MEMBER_NAME];
        case '(':
            if (valid[AFTER_MEMBER_NAME]) return true;
            // fall through
        case '[':
            if (valid[AFTER_UNCALLABLE]) return false;
            // After an expression a call or an element; in types and members a member of its own.
            return valid[LOGICAL_OR];
        case '{':
            // The body of a function, or of a macro's use.
            return valid[FUNCTION_SIGNATURE_AUTOMATIC_SEMICOLON] || decorated;
        case '+':
        case '-':
            // `++` and `--` belong to what follows them.
            advance(lexer);
            return lexer->lookahead != c;
        case '!':
            advance(lexer);
            return lexer->lookahead == '=';
        default:
            return false;
    }
}

// Contextual keywords: only where TypeScript can read the line in no other way.
static bool scan_keyword(TSLexer *lexer, const bool *valid, const Word *word) {
    if (valid[MACRO_KEYWORD] && is(word, "macro")) {
        lexer->result_symbol = MACRO_KEYWORD;
        return name_follows(lexer);
    }
    if (valid[DEFER_KEYWORD] && is(word, "defer")) {
        lexer->result_symbol = DEFER_KEYWORD;
        if (!same_line(lexer)) return false;
        return lexer->lookahead == '@' || name_follows(lexer);
    }
    if (valid[EXTERN_KEYWORD] && is(word, "extern")) {
        lexer->result_symbol = EXTERN_KEYWORD;
        return word_follows(lexer, "macro") && same_line(lexer) && lexer->lookahead == '@';
    }
    if (valid[QUOTE_KEYWORD] && is(word, "quote")) {
        lexer->result_symbol = QUOTE_KEYWORD;
        if (!same_line(lexer)) return false;
        return lexer->lookahead == '{' || (word_follows(lexer, "type") && same_line(lexer) && lexer->lookahead == '{');
    }
    if (valid[USING_KEYWORD] && is(word, "using")) {
        lexer->result_symbol = USING_KEYWORD;
        return variable_follows(lexer, valid[AFTER_AWAIT]);
    }
    if (valid[GLOBAL_KEYWORD] && is(word, "global")) {
        lexer->result_symbol = GLOBAL_KEYWORD;
        return same_line(lexer) && lexer->lookahead == '{';
    }
    if (valid[OUT_KEYWORD] && is(word, "out")) {
        lexer->result_symbol = OUT_KEYWORD;
        bool newline = false;
        if (!pass_trivia(lexer, &newline) || !is_word_start(lexer->lookahead)) return false;
        Word next;
        read_word(lexer, &next);
        return !is(&next, "extends");
    }
    return false;
}

// At the brace of a `${` that begins a splice, or that follows the letters before it, whose end has been
// marked. Where the brace closes at once there is no splice: `class ${}` is a class named `$`.
static bool scan_splice(TSLexer *lexer, const bool *valid, bool joined) {
    enum TokenType token = joined ? IDENTIFIER_FRAGMENT : SPLICE_OPEN;
    if (!valid[token]) return false;
    lexer->result_symbol = (TSSymbol)token;
    advance(lexer);
    if (!joined) lexer->mark_end(lexer);
    while (is_space(lexer->lookahead)) advance(lexer);
    return lexer->lookahead != '}';
}

// Letters directly after a splice, up to the next splice.
static bool scan_fragment_tail(TSLexer *lexer) {
    bool some = false;
    while (is_word_part(lexer->lookahead)) {
        lexer->mark_end(lexer);
        int32_t c = lexer->lookahead;
        advance(lexer);
        if (c == '$' && lexer->lookahead == '{') break;
        some = true;
        lexer->mark_end(lexer);
    }
    lexer->result_symbol = FRAGMENT_TAIL;
    return some;
}

static bool scan(TSLexer *lexer, const bool *valid) {
    bool recovering = valid[ERROR_RECOVERY];

    if (valid[TEMPLATE_CHARS] && !valid[AUTOMATIC_SEMICOLON]) return scan_template_chars(lexer);
    if (valid[FRAGMENT_TAIL] && !recovering && is_word_part(lexer->lookahead)) {
        if (lexer->lookahead != '$') return scan_fragment_tail(lexer);
        // Either letters or the next splice.
        lexer->mark_end(lexer);
        advance(lexer);
        if (lexer->lookahead == '{') {
            advance(lexer);
            lexer->mark_end(lexer);
            lexer->result_symbol = JOINED_SPLICE_OPEN;
            return true;
        }
        lexer->mark_end(lexer);
        scan_fragment_tail(lexer);
        lexer->result_symbol = FRAGMENT_TAIL;
        return true;
    }
    if (valid[ESCAPE_SEQUENCE] || valid[REGEX_PATTERN]) return false;

    // Behind a decorator that an edit left as it is, its own token takes the place of the semicolon that no
    // longer is in question. What begins no declaration gets a semicolon there all the same: it does not fit,
    // and the parser reads the decorator again.
    bool semicolon = (valid[AUTOMATIC_SEMICOLON] || valid[AFTER_STATEMENT_DECORATOR]) && !recovering;
    if (semicolon) lexer->mark_end(lexer);

    bool newline = false;
    bool comments = false;
    for (;;) {
        if (is_space(lexer->lookahead)) {
            if (is_newline(lexer->lookahead)) newline = true;
            skip(lexer);
        } else if (lexer->lookahead == '/' && semicolon) {
            advance(lexer);
            if (!pass_comment(lexer, &newline)) return false;
            comments = true;
        } else {
            break;
        }
    }

    if (semicolon) {
        lexer->result_symbol = AUTOMATIC_SEMICOLON;
        if (at_end(lexer)) return true;
        // The members of an object type need no separator before the brace, and without one
        // `({ a }: T) => U` can still turn out to be a function type.
        if (lexer->lookahead == '}') return !valid[AFTER_OBJECT_TYPE_MEMBER];
        if (valid[AFTER_AWAIT]) semicolon = false;
    }

    if (!is_word_start(lexer->lookahead)) {
        int32_t c = lexer->lookahead;
        if (c == '<' && valid[BEFORE_TYPE_ARGUMENTS] && !newline && !comments) {
            lexer->mark_end(lexer);
            lexer->result_symbol = type_arguments_follow(lexer) ? BEFORE_TYPE_ARGUMENTS : NO_TYPE_ARGUMENTS;
            return true;
        }
        if (c == '<' && valid[TYPE_ARGUMENTS_OPEN] && !comments && !recovering) {
            bool html = valid[HTML_COMMENT] && !valid[LOGICAL_OR] && !semicolon;
            advance(lexer);
            if (lexer->lookahead == '<') {
                lexer->mark_end(lexer);
                lexer->result_symbol = TYPE_ARGUMENTS_OPEN;
                return generic_function_follows(lexer);
            }
            if (html) return scan_html_comment(lexer, "!--");
            if (semicolon && newline && valid[AFTER_OBJECT_TYPE_MEMBER] && !valid[AFTER_MEMBER_NAME]) return true;
            return false;
        }
        if (c == '@' && semicolon && newline && (valid[AFTER_STATEMENT_DECORATOR] || valid[AFTER_DECORATOR])) {
            enum TokenType decorator = valid[AFTER_STATEMENT_DECORATOR] ? AFTER_STATEMENT_DECORATOR : AFTER_DECORATOR;
            if (chain_declares(lexer, decorator == AFTER_DECORATOR)) lexer->result_symbol = (TSSymbol)decorator;
            return true;
        }
        if (semicolon && newline) {
            if (!continues_statement(lexer, valid)) return true;
            if (lexer->lookahead != c) return false;
        }
        if (comments) return false;
        if (c == '?' && valid[TERNARY_QMARK] && !recovering) return scan_ternary(lexer);
        if ((c == '<' || c == '-') && valid[HTML_COMMENT] && !valid[LOGICAL_OR] && !semicolon) {
            return scan_html_comment(lexer, c == '<' ? "<!--" : "-->");
        }
        return false;
    }

    if (semicolon && newline) {
        // Few words continue a statement, so most need not be read.
        if (lexer->lookahead != 'i' && !valid[AFTER_STATEMENT_DECORATOR] && !valid[AFTER_DECORATOR]) return true;
        Word word;
        read_word(lexer, &word);
        if (is(&word, "in") || is(&word, "instanceof")) return valid[AFTER_OBJECT_TYPE_MEMBER];
        if (valid[AFTER_STATEMENT_DECORATOR]) {
            if (begins_declaration(lexer, &word)) lexer->result_symbol = AFTER_STATEMENT_DECORATOR;
        } else if (valid[AFTER_DECORATOR] && is(&word, "class")) {
            lexer->result_symbol = AFTER_DECORATOR;
        }
        return true;
    }
    if (comments) return false;

    // A word, up to its end or up to a splice that is joined to it.
    bool some = false;
    Word word = {.length = 0};
    for (int32_t c = lexer->lookahead; is_word_part(c); c = lexer->lookahead) {
        if (c == '$') {
            lexer->mark_end(lexer);
            advance(lexer);
            if (lexer->lookahead == '{') return scan_splice(lexer, valid, some);
        } else {
            advance(lexer);
        }
        some = true;
        put(&word, c);
    }
    lexer->mark_end(lexer);
    return scan_keyword(lexer, valid, &word);
}

void *tree_sitter_metascript_external_scanner_create(void) { return NULL; }

void tree_sitter_metascript_external_scanner_destroy(void *payload) { (void)payload; }

unsigned tree_sitter_metascript_external_scanner_serialize(void *payload, char *buffer) {
    (void)payload;
    (void)buffer;
    return 0;
}

void tree_sitter_metascript_external_scanner_deserialize(void *payload, const char *buffer, unsigned length) {
    (void)payload;
    (void)buffer;
    (void)length;
}

bool tree_sitter_metascript_external_scanner_scan(void *payload, TSLexer *lexer, const bool *valid_symbols) {
    (void)payload;
    return scan(lexer, valid_symbols);
}
