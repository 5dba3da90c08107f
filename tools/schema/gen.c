/*
 * Turns a fact table (libgitops/schema/README.md) into constant C tables (schema/table.h).
 *
 *	gen NAME DATA OUT
 *
 * Runs on the build host during the build.  Memory is never given back: the program is over at
 * once.  Any doubt about the data ends the build.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/table.h"

#define MAX_WORDS 16
#define MAX_ROWS 32768

static const char *file;
static unsigned line;

__attribute__((format(printf, 1, 2), noreturn)) static void die(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s:%u: ", file, line);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

static void *grow(void *p, size_t count, size_t size)
{
	if (count >= MAX_ROWS)
		die("more than %d rows", MAX_ROWS);
	if (count & (count - 1))
		return p;
	p = realloc(p, (count ? 2 * count : 1) * size);
	if (!p)
		die("out of memory");
	return p;
}

/* A growing array: PUSH makes room for one more item and names it. */
#define TABLE(type)         \
	struct {            \
		type *v;    \
		uint32_t n; \
	}
#define PUSH(t)                                                                                \
	(*((t).v = grow((t).v, (t).n, sizeof *(t).v), memset(&(t).v[(t).n], 0, sizeof *(t).v), \
	   &(t).v[(t).n++]))

struct string {
	const char *s;
	uint32_t at;
};

struct named_type {
	const char *expr;
	uint32_t row;
};

struct parsed_field {
	char *words[MAX_WORDS];
	unsigned n;
	unsigned line;
};

struct parsed_struct {
	const char *name;
	uint32_t struct_row;
	bool atomic;
	TABLE(struct parsed_field) fields;
};

static TABLE(struct string) strings;
static uint32_t pool_size;
static TABLE(uint32_t) lists;
static TABLE(char *) pkg_alias;
static TABLE(uint32_t) pkgs;
static TABLE(struct named_type) enums; /* row is the place in lists */
static TABLE(struct named_type) type_names;
static TABLE(struct gt_type_row) types;
static TABLE(struct parsed_struct) parsed;
static TABLE(struct gt_struct_row) structs;
static TABLE(struct gt_field_row) fields;
static TABLE(struct gt_proto_row) protos;
static TABLE(struct gt_extra_row) extras;
static TABLE(struct gt_kind_row) kinds;
static TABLE(struct gt_sub_row) subs;
static TABLE(struct gt_group_row) groups;

/* --- strings and lists --------------------------------------------------------------------- */

#define HASH_SIZE 65536u
static uint32_t hash_heads[HASH_SIZE]; /* index + 1 of a string */

/* The place of s in the pool; linear probing over a table that is never full. */
static uint32_t intern(const char *s)
{
	uint32_t h = 2166136261u;

	for (const char *p = s; *p; p++)
		h = (h ^ (unsigned char)*p) * 16777619u;
	for (h %= HASH_SIZE; hash_heads[h]; h = (h + 1) % HASH_SIZE)
		if (!strcmp(strings.v[hash_heads[h] - 1].s, s))
			return strings.v[hash_heads[h] - 1].at;

	struct string *e = &PUSH(strings);
	e->s = strdup(s);
	e->at = pool_size;
	pool_size += (uint32_t)strlen(s) + 1;
	hash_heads[h] = strings.n;
	return e->at;
}

static uint32_t intern_word(const char *w)
{
	return intern(strcmp(w, "-") ? w : "");
}

/* Stores a run of strings; a run of none is the zero at place 0. */
static uint16_t add_list(char **words, unsigned n)
{
	uint32_t at = lists.n;

	if (n == 0)
		return 0;
	for (unsigned i = 0; i < n; i++)
		PUSH(lists) = intern(words[i]);
	PUSH(lists) = 0;
	return (uint16_t)at;
}

static unsigned split(char *s, char sep, char **ret_words)
{
	unsigned n = 0;

	for (char *p = s; p; n++) {
		if (n == MAX_WORDS)
			die("too many words");
		ret_words[n] = p;
		p = strchr(p, sep);
		if (p)
			*p++ = '\0';
	}
	return n;
}

static uint16_t add_csv(char *csv)
{
	char *words[MAX_WORDS];

	return strcmp(csv, "-") ? add_list(words, split(csv, ',', words)) : 0;
}

/* --- types --------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	struct gt_type_row row;
} plain_types[] = {
	{"string", {.kind = GT_TYPE_SCALAR, .scalar = GT_SCALAR_STRING}},
	{"int32", {.kind = GT_TYPE_SCALAR, .scalar = GT_SCALAR_INT32}},
	{"int64", {.kind = GT_TYPE_SCALAR, .scalar = GT_SCALAR_INT64}},
	{"double", {.kind = GT_TYPE_SCALAR, .scalar = GT_SCALAR_DOUBLE}},
	{"bool", {.kind = GT_TYPE_SCALAR, .scalar = GT_SCALAR_BOOL}},
	{"bytes", {.kind = GT_TYPE_SCALAR, .scalar = GT_SCALAR_BYTES}},
	{"quantity", {.kind = GT_TYPE_SCALAR, .scalar = GT_SCALAR_QUANTITY}},
	{"intOrString", {.kind = GT_TYPE_SCALAR, .scalar = GT_SCALAR_INT_OR_STRING}},
	{"time", {.kind = GT_TYPE_SCALAR, .scalar = GT_SCALAR_TIME}},
	{"microTime", {.kind = GT_TYPE_SCALAR, .scalar = GT_SCALAR_MICRO_TIME}},
	{"duration", {.kind = GT_TYPE_SCALAR, .scalar = GT_SCALAR_DURATION}},
	{"raw", {.kind = GT_TYPE_UNTYPED, .wire = GT_WIRE_RAW, .atomic = 1}},
	{"fields", {.kind = GT_TYPE_UNTYPED, .wire = GT_WIRE_RAW}},
	{"json", {.kind = GT_TYPE_UNTYPED, .wire = GT_WIRE_RAW}},
};

static const struct {
	const char *prefix;
	struct gt_type_row row;
} compound_types[] = {
	{"@items[]", {.kind = GT_TYPE_LIST, .wire = GT_WIRE_ITEMS, .atomic = 1}},
	{"@orBool", {.kind = GT_TYPE_UNTYPED, .wire = GT_WIRE_OR_BOOL}},
	{"@orArray", {.kind = GT_TYPE_UNTYPED, .wire = GT_WIRE_OR_ARRAY}},
	{"@orStrings", {.kind = GT_TYPE_UNTYPED, .wire = GT_WIRE_OR_STRINGS}},
	{"[]", {.kind = GT_TYPE_LIST, .atomic = 1}},
	{"{}", {.kind = GT_TYPE_MAP}},
};

static struct parsed_struct *find_struct(const char *name)
{
	for (uint32_t i = 0; i < parsed.n; i++)
		if (!strcmp(parsed.v[i].name, name))
			return &parsed.v[i];
	die("unknown type %s", name);
}

static uint16_t type_of(const char *expr);

/* What the expression alone says, without the attributes of a field. */
static struct gt_type_row base_row(const char *expr)
{
	for (size_t i = 0; i < sizeof plain_types / sizeof *plain_types; i++)
		if (!strcmp(plain_types[i].name, expr))
			return plain_types[i].row;
	for (size_t i = 0; i < sizeof compound_types / sizeof *compound_types; i++) {
		size_t n = strlen(compound_types[i].prefix);
		struct gt_type_row row = compound_types[i].row;

		if (strncmp(compound_types[i].prefix, expr, n) != 0)
			continue;
		row.elem = type_of(expr + n);
		return row;
	}
	if (!strncmp(expr, "enum:", 5)) {
		for (uint32_t i = 0; i < enums.n; i++)
			if (!strcmp(enums.v[i].expr, expr + 5))
				return (struct gt_type_row){.kind = GT_TYPE_SCALAR,
							    .scalar = GT_SCALAR_STRING,
							    .ref = (uint16_t)enums.v[i].row};
		die("unknown enum %s", expr + 5);
	}
	const struct parsed_struct *s = find_struct(expr);
	return (struct gt_type_row){
		.kind = GT_TYPE_STRUCT, .atomic = s->atomic, .ref = (uint16_t)s->struct_row};
}

static uint16_t add_type(const char *name, struct gt_type_row row)
{
	struct named_type *t = &PUSH(type_names);

	t->expr = strdup(name);
	t->row = types.n;
	PUSH(types) = row;
	return (uint16_t)t->row;
}

static bool find_type(const char *name, uint16_t *ret_row)
{
	for (uint32_t i = 0; i < type_names.n; i++) {
		if (strcmp(type_names.v[i].expr, name) != 0)
			continue;
		*ret_row = (uint16_t)type_names.v[i].row;
		return true;
	}
	return false;
}

static uint16_t type_of(const char *expr)
{
	uint16_t row;

	return find_type(expr, &row) ? row : add_type(expr, base_row(expr));
}

/* The type of a field: its expression with list and map type. */
static uint16_t field_type(const char *expr, char *list, bool atomic)
{
	char name[512], *keys[MAX_WORDS];
	uint16_t row;

	if (!list && !atomic)
		return type_of(expr);
	snprintf(name, sizeof name, "%s %s %d", expr, list ? list : "", atomic);
	if (find_type(name, &row))
		return row;

	struct gt_type_row t = base_row(expr);
	if (list && t.kind != GT_TYPE_LIST)
		die("%s is no list", expr);
	if (atomic)
		t.atomic = 1;
	if (list && !strcmp(list, "set")) {
		t.list = GT_LIST_SET;
	} else if (list) {
		if (strncmp(list, "map:", 4) != 0)
			die("unknown list type %s", list);
		t.list = GT_LIST_MAP;
		t.ref = add_list(keys, split(list + 4, ',', keys));
	}
	if (list)
		t.atomic = 0;
	return add_type(name, t);
}

/* --- structs ------------------------------------------------------------------------------- */

static void parse_patch(char *s, uint8_t *ret_strategy, uint32_t *ret_key, uint8_t *flags)
{
	char *words[MAX_WORDS], *key = strchr(s, ':');

	if (key)
		*key++ = '\0';
	*ret_key = intern(key ? key : "");
	unsigned n = split(s, ',', words);
	for (unsigned i = 0; i < n; i++) {
		if (!strcmp(words[i], "merge"))
			*ret_strategy |= GT_PATCH_MERGE;
		else if (!strcmp(words[i], "retainKeys"))
			*ret_strategy |= GT_PATCH_RETAIN_KEYS;
		else if (!strcmp(words[i], "replace"))
			*flags |= GT_FIELD_REPLACE;
		else
			die("unknown patch strategy %s", words[i]);
	}
}

static uint8_t parse_flags(const char *s)
{
	uint8_t flags = 0;

	for (; *s; s++) {
		switch (*s) {
		case 'p': flags |= GT_FIELD_POINTER; break;
		case 'e': flags |= GT_FIELD_OMITEMPTY; break;
		case 'z': flags |= GT_FIELD_OMITZERO; break;
		case 'r': flags |= GT_FIELD_REQUIRED; break;
		default: die("unknown field flag %c", *s);
		}
	}
	return flags;
}

static uint16_t add_extra(uint32_t merge_key, uint32_t key_default)
{
	if (!merge_key && !key_default)
		return 0;
	for (uint32_t i = 1; i < extras.n; i++)
		if (extras.v[i].merge_key == merge_key && extras.v[i].key_default == key_default)
			return (uint16_t)i;
	PUSH(extras) = (struct gt_extra_row){merge_key, key_default};
	return (uint16_t)(extras.n - 1);
}

/* Words: f NAME NUMBER TYPE attributes.  The parsed words survive, as structs are inlined often. */
static struct gt_field_row parse_field(const struct parsed_field *p)
{
	struct gt_field_row f = {.name = intern(p->words[1])};
	char *list = NULL;
	bool atomic = false;
	uint32_t merge_key = 0, key_default = 0;

	f.number = (uint16_t)strtoul(p->words[2], NULL, 10);
	for (unsigned i = 4; i < p->n; i++) {
		char *w = strdup(p->words[i]);

		if (*w == '.')
			f.flags |= parse_flags(w + 1);
		else if (!strncmp(w, "list=", 5))
			list = w + 5;
		else if (!strcmp(w, "map=atomic"))
			atomic = true;
		else if (!strncmp(w, "patch=", 6))
			parse_patch(w + 6, &f.strategy, &merge_key, &f.flags);
		else if (!strncmp(w, "default=", 8))
			key_default = intern(w + 8);
		else
			die("unknown attribute %s", w);
	}
	f.type = field_type(p->words[3], list, atomic);
	f.extra = add_extra(merge_key, key_default);
	return f;
}

/* Appends the fields of s, those of inlined structs in place, to fields. */
static void flatten(const struct parsed_struct *s)
{
	for (uint32_t i = 0; i < s->fields.n; i++) {
		const struct parsed_field *p = &s->fields.v[i];

		line = p->line;
		if (*p->words[0] == 'i') {
			flatten(find_struct(p->words[2]));
		} else {
			struct gt_field_row f = parse_field(p);
			PUSH(fields) = f;
		}
	}
}

static const char *pool_string(uint32_t at)
{
	uint32_t lo = 0, hi = strings.n;

	while (hi - lo > 1) {
		uint32_t mid = lo + (hi - lo) / 2;
		*(strings.v[mid].at <= at ? &lo : &hi) = mid;
	}
	return strings.v[lo].s;
}

static int by_name(const void *a, const void *b)
{
	const struct gt_field_row *x = a, *y = b;

	return strcmp(pool_string(x->name), pool_string(y->name));
}

static int by_number(const void *a, const void *b)
{
	const struct gt_proto_row *x = a, *y = b;

	return (int)x->number - (int)y->number;
}

static uint16_t find_field(const struct gt_struct_row *s, uint32_t name)
{
	for (uint16_t i = 0; i < s->fields; i++)
		if (fields.v[s->field + i].name == name)
			return (uint16_t)(s->field + i);
	die("field %s lost", pool_string(name));
}

static void add_protos(const struct parsed_struct *s, struct gt_struct_row *row)
{
	row->proto = (uint16_t)protos.n;
	for (uint32_t i = 0; i < s->fields.n; i++) {
		const struct parsed_field *p = &s->fields.v[i];
		bool inlined = *p->words[0] == 'i';
		struct gt_proto_row r = {
			.number = (uint16_t)strtoul(p->words[inlined ? 1 : 2], NULL, 10)};

		if (r.number == 0)
			continue;
		r.ref = inlined ? (uint16_t)(GT_PROTO_INLINE | type_of(p->words[2]))
				: find_field(row, intern(p->words[1]));
		PUSH(protos) = r;
	}
	row->protos = (uint16_t)(protos.n - row->proto);
	if (row->protos > 1)
		qsort(protos.v + row->proto, row->protos, sizeof *protos.v, by_number);
}

static void add_struct(const struct parsed_struct *s)
{
	struct gt_struct_row row = {.field = (uint16_t)fields.n};
	const char *dot = strrchr(s->name, '.');

	if (!dot)
		die("struct %s has no package", s->name);
	row.name = intern(dot + 1);
	row.pkg = UINT16_MAX;
	for (uint32_t i = 0; i < pkg_alias.n; i++)
		if (strlen(pkg_alias.v[i]) == (size_t)(dot - s->name) &&
		    !strncmp(pkg_alias.v[i], s->name, (size_t)(dot - s->name)))
			row.pkg = (uint16_t)i;
	if (row.pkg == UINT16_MAX)
		die("struct %s: unknown package", s->name);

	flatten(s);
	row.fields = (uint16_t)(fields.n - row.field);
	qsort(fields.v + row.field, row.fields, sizeof *fields.v, by_name);
	for (uint32_t i = row.field + 1u; i < fields.n; i++)
		if (fields.v[i].name == fields.v[i - 1].name)
			die("%s: field %s twice", s->name, pool_string(fields.v[i].name));
	row.type = type_of(s->name);
	add_protos(s, &row);
	PUSH(structs) = row;
}

/* --- kinds --------------------------------------------------------------------------------- */

static const char *const verb_names[] = {"create", "delete", "deletecollection", "get",
					 "list",   "patch",  "update",           "watch"};

static uint16_t parse_verbs(char *s)
{
	char *words[MAX_WORDS];
	uint16_t bits = 0;
	unsigned n = strcmp(s, "-") ? split(s, ',', words) : 0;

	for (unsigned i = 0; i < n; i++) {
		unsigned bit = 0;
		while (bit < 8 && strcmp(verb_names[bit], words[i]) != 0)
			bit++;
		if (bit == 8)
			die("unknown verb %s", words[i]);
		bits |= (uint16_t)(1u << bit);
	}
	return bits;
}

static uint16_t parse_kind_flags(const char *s)
{
	static const char letters[] = "nsltgck";
	uint16_t flags = 0;

	for (; *s && strcmp(s, "-") != 0; s++) {
		const char *p = strchr(letters, *s);
		if (!p)
			die("unknown kind flag %c", *s);
		flags |= (uint16_t)(1u << (p - letters));
	}
	return flags;
}

static void add_kind(char **w, unsigned n)
{
	if (n != 6 && n != 11)
		die("a kind has 6 or 11 words");
	struct gt_kind_row k = {
		.group = intern_word(w[1]),
		.version = intern(w[2]),
		.kind = intern(w[3]),
		.type = strcmp(w[4], "-") ? type_of(w[4]) : 0,
		.flags = parse_kind_flags(w[5]),
		.sub = (uint16_t)subs.n,
	};
	if (n == 11) {
		k.resource = intern(w[6]);
		k.singular = intern_word(w[7]);
		k.verbs = parse_verbs(w[8]);
		k.short_names = add_csv(w[9]);
		k.categories = add_csv(w[10]);
	}
	PUSH(kinds) = k;
}

static void add_sub(char **w, unsigned n)
{
	if (n != 6 || kinds.n == 0)
		die("a subresource has 6 words and follows its kind");
	PUSH(subs) = (struct gt_sub_row){.name = intern(w[1]),
					 .group = intern_word(w[2]),
					 .version = intern(w[3]),
					 .kind = intern(w[4]),
					 .verbs = parse_verbs(w[5])};
	kinds.v[kinds.n - 1].subs++;
}

/* --- reading ------------------------------------------------------------------------------- */

static void keep_field(char **w, unsigned n)
{
	if (parsed.n == 0 || n < 3)
		die("a field has a struct, a name and a type");
	struct parsed_struct *s = &parsed.v[parsed.n - 1];
	struct parsed_field *p = &PUSH(s->fields);

	for (unsigned i = 0; i < n; i++)
		p->words[i] = strdup(w[i]);
	p->n = n;
	p->line = line;
}

/* What later lines refer to; kinds wait until the structs are laid out. */
static void read_fact(char **w, unsigned n)
{
	if (!strcmp(w[0], "pkg") && n == 3) {
		PUSH(pkg_alias) = strdup(w[1]);
		PUSH(pkgs) = intern(w[2]);
	} else if (!strcmp(w[0], "group") && n == 4) {
		struct gt_group_row g = {.name = intern_word(w[1]),
					 .priority = (uint32_t)strtoul(w[2], NULL, 10)};
		g.versions = add_csv(w[3]);
		PUSH(groups) = g;
	} else if (!strcmp(w[0], "enum") && n > 1) {
		uint16_t values = add_list(w + 2, n - 2);
		struct named_type *e = &PUSH(enums);
		e->expr = strdup(w[1]);
		e->row = values;
	} else if (!strcmp(w[0], "struct") && n > 1) {
		struct parsed_struct *s = &PUSH(parsed);
		s->name = strdup(w[1]);
		s->struct_row = parsed.n - 1;
		s->atomic = n == 3 && !strcmp(w[2], "atomic");
	} else if (!strcmp(w[0], "f") || !strcmp(w[0], "i")) {
		keep_field(w, n);
	} else if (strcmp(w[0], "set") != 0 && strcmp(w[0], "kind") != 0 &&
		   strcmp(w[0], "sub") != 0) {
		die("unknown fact %s", w[0]);
	}
}

static void read_kind(char **w, unsigned n)
{
	if (!strcmp(w[0], "kind"))
		add_kind(w, n);
	else if (!strcmp(w[0], "sub"))
		add_sub(w, n);
}

static void read_lines(FILE *in, void (*fn)(char **w, unsigned n))
{
	char buf[8192], *words[256];

	rewind(in);
	for (line = 1; fgets(buf, sizeof buf, in); line++) {
		size_t len = strcspn(buf, "\n");
		unsigned n = 0;

		if (buf[len] != '\n')
			die("line too long");
		buf[len] = '\0';
		if (len == 0 || buf[0] == '#')
			continue;
		for (char *p = buf; p; n++) {
			if (n == sizeof words / sizeof *words)
				die("too many words");
			words[n] = p;
			p = strchr(p, ' ');
			if (p)
				*p++ = '\0';
		}
		fn(words, n);
	}
}

static int kind_cmp(const struct gt_kind_row *x, const struct gt_kind_row *y, bool by_resource)
{
	int c = strcmp(pool_string(x->group), pool_string(y->group));

	if (c == 0)
		c = strcmp(pool_string(x->version), pool_string(y->version));
	if (c == 0 && by_resource)
		c = strcmp(pool_string(x->resource), pool_string(y->resource));
	return c != 0 ? c : strcmp(pool_string(x->kind), pool_string(y->kind));
}

static int by_kind(const void *a, const void *b)
{
	return kind_cmp(&kinds.v[*(const uint16_t *)a], &kinds.v[*(const uint16_t *)b], false);
}

static void check_order(void)
{
	for (uint32_t i = 1; i < kinds.n; i++)
		if (kind_cmp(&kinds.v[i - 1], &kinds.v[i], true) >= 0)
			die("kind %s is out of order", pool_string(kinds.v[i].kind));
	for (uint32_t i = 1; i < parsed.n; i++)
		if (strcmp(parsed.v[i - 1].name, parsed.v[i].name) >= 0)
			die("struct %s is out of order", parsed.v[i].name);
}

/* --- writing ------------------------------------------------------------------------------- */

static void write_strings(FILE *out)
{
	fprintf(out, "static const char strings[] =\n");
	for (uint32_t i = 0; i < strings.n; i++) {
		fputs("\t\"", out);
		for (const char *p = strings.v[i].s; *p; p++) {
			if (*p == '"' || *p == '\\')
				fputc('\\', out);
			fputc(*p, out);
		}
		fputs("\\0\"\n", out);
	}
	fputs("\t\"\";\n\n", out);
}

static void write_numbers(FILE *out, const char *type, const char *name, const void *v, uint32_t n,
			  size_t size)
{
	fprintf(out, "static const %s %s[] = {", type, name);
	for (uint32_t i = 0; i < n; i++) {
		unsigned x = size == 2 ? ((const uint16_t *)v)[i] : ((const uint32_t *)v)[i];
		fprintf(out, "%s%u,", i % 12 ? " " : "\n\t", x);
	}
	fprintf(out, "%s\n};\n\n", n ? "" : "\n\t0,");
}

#define WRITE_ROWS(out, row_type, table, ...)                                        \
	do {                                                                         \
		fprintf(out, "static const struct " row_type " " #table "[] = {\n"); \
		for (uint32_t i = 0; i < table.n; i++) {                             \
			const __typeof__(*table.v) *r = &table.v[i];                 \
			const unsigned v[] = {__VA_ARGS__};                          \
			fputs("\t{", out);                                           \
			for (size_t j = 0; j < sizeof v / sizeof *v; j++)            \
				fprintf(out, " %u,", v[j]);                          \
			fputs(" },\n", out);                                         \
		}                                                                    \
		fputs(table.n ? "};\n\n" : "\t{ 0 },\n};\n\n", out);                 \
	} while (0)

static void write_tables(FILE *out)
{
	uint16_t *order = calloc(kinds.n, sizeof *order);

	if (!order)
		die("out of memory");
	for (uint32_t i = 0; i < kinds.n; i++)
		order[i] = (uint16_t)i;
	qsort(order, kinds.n, sizeof *order, by_kind);

	fputs("#include \"schema/table.h\"\n\n", out);
	write_strings(out);
	write_numbers(out, "uint32_t", "lists", lists.v, lists.n, 4);
	write_numbers(out, "uint32_t", "pkgs", pkgs.v, pkgs.n, 4);
	write_numbers(out, "uint16_t", "by_kind", order, kinds.n, 2);
	WRITE_ROWS(out, "gt_type_row", types, r->kind, r->scalar, r->list, r->wire, r->atomic, 0,
		   r->elem, r->ref);
	WRITE_ROWS(out, "gt_struct_row", structs, r->name, r->pkg, r->type, r->field, r->fields,
		   r->proto, r->protos);
	WRITE_ROWS(out, "gt_field_row", fields, r->name, r->type, r->number, r->strategy, r->flags,
		   r->extra);
	WRITE_ROWS(out, "gt_proto_row", protos, r->number, r->ref);
	WRITE_ROWS(out, "gt_extra_row", extras, r->merge_key, r->key_default);
	WRITE_ROWS(out, "gt_kind_row", kinds, r->group, r->version, r->kind, r->resource,
		   r->singular, r->type, r->flags, r->verbs, r->short_names, r->categories, r->sub,
		   r->subs, 0);
	WRITE_ROWS(out, "gt_sub_row", subs, r->name, r->group, r->version, r->kind, r->verbs);
	WRITE_ROWS(out, "gt_group_row", groups, r->name, r->priority, r->versions);
	free(order);
}

static void write_schema(FILE *out, const char *name)
{
	fprintf(out,
		"const struct gt_schema gt_schema__%s = {\n"
		"\tstrings, lists, pkgs, types, structs, fields, protos, extras, kinds, by_kind, "
		"subs,\n"
		"\tgroups, %u, %u, %u,\n};\n",
		name, structs.n, kinds.n, groups.n);
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		fputs("usage: gen NAME DATA OUT\n", stderr);
		return 2;
	}
	file = argv[2];
	FILE *in = fopen(file, "r");
	FILE *out = in ? fopen(argv[3], "w") : NULL;
	if (!out)
		die("cannot open");

	intern("");
	PUSH(lists) = 0;
	PUSH(types) = (struct gt_type_row){0};
	PUSH(extras) = (struct gt_extra_row){0, 0};
	read_lines(in, read_fact);
	for (uint32_t i = 0; i < parsed.n; i++)
		add_struct(&parsed.v[i]);
	read_lines(in, read_kind);
	check_order();
	write_tables(out);
	write_schema(out, argv[1]);
	if (fclose(out) != 0 || fclose(in) != 0)
		die("cannot write %s", argv[3]);
	return 0;
}
