/* Evaluating pipelines, operands and fields. */
#include <string.h>

#include "text/template/exec_impl.h"

static int command(struct texec *s, struct gt_value dot, const struct tnode *cmd,
		   const struct gt_value *final, struct gt_value *ret);

static int push(struct texec *s, const struct tnode *pipe, struct gt_value v)
{
	for (unsigned i = 0; i < pipe->ndecl; i++) {
		if (!pipe->is_assign) {
			gt_vec_push(&s->vars, (struct tvar){pipe->decl[i], v});
			continue;
		}
		size_t at = s->vars.n;
		while (at > 0 && !gt_str_eq(s->vars.v[at - 1].name, pipe->decl[i]))
			at--;
		if (at == 0)
			return texec__fail(s, "undefined variable: %.*s",
					   GT_STR_ARG(pipe->decl[i]));
		s->vars.v[at - 1].value = v;
	}
	return GT_OK;
}

int texec__pipeline(struct texec *s, struct gt_value dot, const struct tnode *pipe,
		    struct gt_value *ret)
{
	struct gt_value v = GT_VALUE_INVALID;
	int rc = texec__step(s);

	if (rc < 0)
		return rc;
	s->node = pipe;
	for (uint32_t i = 0; i < pipe->n; i++) {
		struct gt_value before = v;

		rc = command(s, dot, pipe->kids[i], i ? &before : NULL, &v);
		if (rc < 0)
			return rc;
		/* What leaves a stage has left its slot, and nil is no value any more. */
		v.iface = false;
		if (v.kind == GT_V_NIL)
			v.kind = GT_V_INVALID;
	}
	*ret = v;
	return push(s, pipe, v);
}

/* --- constants ---------------------------------------------------------------------------- */

static bool is_float_literal(const struct tnode *n)
{
	struct gt_str t = n->text;
	bool hex = t.n > 2 && t.p[0] == '0' && (t.p[1] | 0x20) == 'x';
	bool has_p = gt_str_find(t, 'p') != SIZE_MAX || gt_str_find(t, 'P') != SIZE_MAX;

	if (!n->is_float || (t.n && t.p[0] == '\'') || (hex && !has_p))
		return false;
	for (size_t i = 0; i < t.n; i++) {
		if (strchr(".eEpP", t.p[i]))
			return true;
	}
	return false;
}

static int constant(struct texec *s, const struct tnode *n, struct gt_value *ret)
{
	s->node = n;
	if (n->is_complex) {
		*ret = (struct gt_value){.kind = GT_V_COMPLEX, .re = n->num.f, .im = n->num.im};
		return GT_OK;
	}
	if (is_float_literal(n)) {
		*ret = gt_vfloat(n->num.f);
		return GT_OK;
	}
	if (!n->is_int)
		return texec__fail(s, "%.*s overflows int", GT_STR_ARG(n->text));
	*ret = gt_vint(n->num.i);
	return GT_OK;
}

/* --- fields ------------------------------------------------------------------------------- */

static const char *static_type(struct gt_value v)
{
	return v.iface ? "interface {}" : gt_value_type(v);
}

static const struct gt_tmpl_func *find_method(const struct texec *s, struct gt_value v,
					      struct gt_str name)
{
	const struct gt_tmpl_opts *o = s->set->opts;
	const struct gt_tmpl_func *m = v.kind == GT_V_VALUES     ? o->values_methods
				       : v.kind == GT_V_FILES    ? o->files_methods
				       : v.kind == GT_V_VERSIONS ? o->versions_methods
				       : v.kind == GT_V_OBJ      ? v.obj->cls->methods
								 : NULL;

	for (; m && m->name; m++) {
		if (gt_str_is(name, m->name))
			return m;
	}
	return NULL;
}

/* The last step of a chain gets the arguments. */
static int field(struct texec *s, struct gt_value dot, struct gt_str name, const struct tnode *node,
		 struct tnode *const *args, size_t nargs, const struct gt_value *final,
		 struct gt_value receiver, struct gt_value *ret)
{
	const struct gt_tmpl_func *method;
	bool has_args = nargs > 1 || final;

	if (receiver.kind == GT_V_INVALID) {
		*ret = GT_VALUE_INVALID;
		return GT_OK;
	}
	if (receiver.kind == GT_V_NIL)
		return texec__fail(s, "nil pointer evaluating interface {}.%.*s", GT_STR_ARG(name));
	method = find_method(s, receiver, name);
	if (method)
		return texec__call(s, dot, method, receiver, node, nargs ? args + 1 : NULL,
				   nargs ? nargs - 1 : 0, final, ret);
	if (gt_value_is_map(receiver)) {
		if (has_args)
			return texec__fail(s, "%.*s is not a method but has arguments",
					   GT_STR_ARG(name));
		*ret = gt_vmap_get(receiver, name);
		return GT_OK;
	}
	if (receiver.kind == GT_V_OBJ && receiver.obj->cls->field &&
	    receiver.obj->cls->field(s->a, receiver.obj, name, ret)) {
		if (has_args)
			return texec__fail(s,
					   "%.*s has arguments but cannot be invoked as function",
					   GT_STR_ARG(name));
		return GT_OK;
	}
	return texec__fail(s, "can't evaluate field %.*s in type %s", GT_STR_ARG(name),
			   static_type(receiver));
}

static int chain(struct texec *s, struct gt_value dot, struct gt_value receiver,
		 const struct tnode *node, uint32_t first, struct tnode *const *args, size_t nargs,
		 const struct gt_value *final, struct gt_value *ret)
{
	for (uint32_t i = first; i + 1 < node->n; i++) {
		int rc = field(s, dot, node->names[i], node, NULL, 0, NULL, receiver, &receiver);

		if (rc < 0)
			return rc;
	}
	return field(s, dot, node->names[node->n - 1], node, args, nargs, final, receiver, ret);
}

static int not_a_function(struct texec *s, struct tnode *const *args, size_t nargs,
			  const struct gt_value *final)
{
	gt_auto_buf text = {0};

	if (nargs <= 1 && !final)
		return GT_OK;
	gt_buf_adds(&text, "can't give argument to non-function ");
	gt_tmpl__node_text(&text, args[0]);
	return texec__fail_str(s, gt_buf_str(&text));
}

static int variable(struct texec *s, struct gt_value dot, const struct tnode *n,
		    struct tnode *const *args, size_t nargs, const struct gt_value *final,
		    struct gt_value *ret)
{
	size_t at = s->vars.n;

	s->node = n;
	while (at > 0 && !gt_str_eq(s->vars.v[at - 1].name, n->names[0]))
		at--;
	if (at == 0)
		return texec__fail(s, "undefined variable: %.*s", GT_STR_ARG(n->names[0]));
	struct gt_value v = s->vars.v[at - 1].value;
	if (n->n > 1)
		return chain(s, dot, v, n, 1, args, nargs, final, ret);
	*ret = v;
	return not_a_function(s, args, nargs, final);
}

static int chain_node(struct texec *s, struct gt_value dot, const struct tnode *n,
		      struct tnode *const *args, size_t nargs, const struct gt_value *final,
		      struct gt_value *ret)
{
	struct gt_value v;
	int rc;

	s->node = n;
	rc = texec__arg(s, dot, 'v', n->base, &v);
	return rc < 0 ? rc : chain(s, dot, v, n, 0, args, nargs, final, ret);
}

static int identifier(struct texec *s, struct gt_value dot, const struct tnode *n,
		      const struct tnode *blame, struct tnode *const *args, size_t nargs,
		      const struct gt_value *final, struct gt_value *ret)
{
	s->node = n;
	return texec__call(s, dot, n->func, GT_VALUE_INVALID, blame, args, nargs, final, ret);
}

static int command(struct texec *s, struct gt_value dot, const struct tnode *cmd,
		   const struct gt_value *final, struct gt_value *ret)
{
	const struct tnode *first = cmd->kids[0];
	int rc;

	switch ((enum tnode_type)first->type) {
	case TN_FIELD:
		s->node = first;
		return chain(s, dot, dot, first, 0, cmd->kids, cmd->n, final, ret);
	case TN_CHAIN: return chain_node(s, dot, first, cmd->kids, cmd->n, final, ret);
	case TN_IDENT: return identifier(s, dot, first, cmd, cmd->kids + 1, cmd->n - 1, final, ret);
	case TN_PIPE:
		rc = not_a_function(s, cmd->kids, cmd->n, final);
		return rc < 0 ? rc : texec__pipeline(s, dot, first, ret);
	case TN_VARIABLE: return variable(s, dot, first, cmd->kids, cmd->n, final, ret);
	default: break;
	}
	s->node = first;
	rc = not_a_function(s, cmd->kids, cmd->n, final);
	if (rc < 0)
		return rc;
	switch ((enum tnode_type)first->type) {
	case TN_BOOL: *ret = gt_vbool(first->truth); return GT_OK;
	case TN_DOT: *ret = dot; return GT_OK;
	case TN_NIL: return texec__fail(s, "nil is not a command");
	case TN_NUMBER: return constant(s, first, ret);
	case TN_STRING: *ret = gt_vstr(first->string); return GT_OK;
	default: return texec__fail(s, "can't evaluate command");
	}
}

/* --- arguments ---------------------------------------------------------------------------- */

static const char *param_type(char param)
{
	switch (param) {
	case 's': return "string";
	case 'i': return "int";
	case 'I': return "int64";
	case 'f': return "float64";
	case 'b': return "bool";
	case 'u': return "uint32";
	case 't': return "time.Time";
	case 'C': return "sprig.certificate";
	case 'm': return "map[string]interface {}";
	case 'l': return "[]interface {}";
	case 'v': return "reflect.Value";
	default: return "interface {}";
	}
}

static bool fits(struct gt_value v, char param)
{
	switch (param) {
	case 's': return v.kind == GT_V_STR;
	case 'i': return v.kind == GT_V_INT;
	case 'I': return v.kind == GT_V_INT64;
	case 'f': return v.kind == GT_V_FLOAT;
	case 'b': return v.kind == GT_V_BOOL;
	case 'u': return v.kind == GT_V_UINT32;
	case 'm': return v.kind == GT_V_MAP || v.kind == GT_V_VALUES;
	case 'l': return v.kind == GT_V_LIST;
	case 't':
	case 'C': return v.kind == GT_V_OBJ && strcmp(gt_value_type(v), param_type(param)) == 0;
	default: return true;
	}
}

/* A typed nil for what can be nil. */
static bool nil_of(char param, struct gt_value *ret)
{
	switch (param) {
	case 'a': *ret = GT_VALUE_NIL; return true;
	case 'v': *ret = GT_VALUE_INVALID; return true;
	case 'm': *ret = (struct gt_value){.kind = GT_V_MAP}; return true;
	case 'l': *ret = (struct gt_value){.kind = GT_V_LIST}; return true;
	default: return false;
	}
}

int texec__check(struct texec *s, struct gt_value v, char param, struct gt_value *ret)
{
	if (v.kind == GT_V_INVALID) {
		if (nil_of(param, ret))
			return GT_OK;
		return texec__fail(s, "invalid value; expected %s", param_type(param));
	}
	*ret = v;
	if (param == 'v')
		return GT_OK;
	ret->iface = false;
	if (fits(v, param))
		return GT_OK;
	return texec__fail(s, "wrong type for value; expected %s; got %s", param_type(param),
			   v.kind == GT_V_NIL ? "interface {}" : gt_value_type(v));
}

static int fail_literal(struct texec *s, const char *before, const struct tnode *n,
			const char *after, const char *type)
{
	gt_auto_buf text = {0};

	gt_buf_adds(&text, before);
	gt_tmpl__node_text(&text, n);
	gt_buf_adds(&text, after);
	gt_buf_adds(&text, type);
	return texec__fail_str(s, gt_buf_str(&text));
}

static int number_arg(struct texec *s, char param, const struct tnode *n, struct gt_value *ret)
{
	bool number = n->type == TN_NUMBER;

	switch (param) {
	case 'f':
		*ret = gt_vfloat(n->num.f);
		return number && n->is_float ? GT_OK
					     : fail_literal(s, "expected float; found ", n, "", "");
	case 'u':
		*ret = (struct gt_value){.kind = GT_V_UINT32, .u = (uint32_t)n->num.u};
		return number && n->is_uint
			       ? GT_OK
			       : fail_literal(s, "expected unsigned integer; found ", n, "", "");
	default:
		*ret = param == 'i' ? gt_vint(n->num.i) : gt_vint64(n->num.i);
		return number && n->is_int ? GT_OK
					   : fail_literal(s, "expected integer; found ", n, "", "");
	}
}

static int literal_arg(struct texec *s, char param, const struct tnode *n, struct gt_value *ret)
{
	switch (param) {
	case 'b':
		*ret = gt_vbool(n->truth);
		return n->type == TN_BOOL ? GT_OK
					  : fail_literal(s, "expected bool; found ", n, "", "");
	case 's':
		*ret = gt_vstr(n->string);
		return n->type == TN_STRING ? GT_OK
					    : fail_literal(s, "expected string; found ", n, "", "");
	case 'f':
	case 'u':
	case 'i':
	case 'I': return number_arg(s, param, n, ret);
	case 'a':
	case 'v': break;
	default: return fail_literal(s, "can't handle ", n, " for arg of type ", param_type(param));
	}
	if (n->type == TN_NUMBER)
		return constant(s, n, ret);
	*ret = n->type == TN_BOOL ? gt_vbool(n->truth) : gt_vstr(n->string);
	return GT_OK;
}

int texec__arg(struct texec *s, struct gt_value dot, char param, const struct tnode *n,
	       struct gt_value *ret)
{
	struct gt_value v = GT_VALUE_INVALID;
	int rc;

	s->node = n;
	switch ((enum tnode_type)n->type) {
	case TN_DOT: return texec__check(s, dot, param, ret);
	case TN_NIL:
		if (nil_of(param, ret))
			return GT_OK;
		return texec__fail(s, "cannot assign nil to %s", param_type(param));
	case TN_FIELD: rc = chain(s, dot, dot, n, 0, NULL, 0, NULL, &v); break;
	case TN_VARIABLE: rc = variable(s, dot, n, NULL, 0, NULL, &v); break;
	case TN_PIPE: rc = texec__pipeline(s, dot, n, &v); break;
	case TN_IDENT: rc = identifier(s, dot, n, n, NULL, 0, NULL, &v); break;
	case TN_CHAIN: rc = chain_node(s, dot, n, NULL, 0, NULL, &v); break;
	default: return literal_arg(s, param, n, ret);
	}
	return rc < 0 ? rc : texec__check(s, v, param, ret);
}
