#include "services.h"

#include <stdio.h>

#include "base/rand.h"
#include "server.h"
#include "status.h"
#include "strategy.h"

#define NODE_PORT_MIN 30000
#define NODE_PORT_COUNT 2768

/* --- allocation --------------------------------------------------------------------------- */

struct needle {
	struct gt_str text;
	bool found;
};

static bool mentions(void *arg, const struct as_object *o)
{
	struct needle *n = arg;

	n->found |= gt_str_search(o->json, n->text) != SIZE_MAX;
	return false;
}

/* Whether any Service has the text in its encoding. */
static bool in_use(struct as_call *c, const char *text)
{
	struct needle n = {.text = gt_str(text)};
	struct as_scan scan = {.match = mentions, .match_arg = &n};
	struct as_snapshot snap = {0};

	if (as_table_scan(c->r->table, &scan, &snap, NULL) == GT_OK)
		as_snapshot_fini(&snap);
	return n.found;
}

/* Addresses are given out in turn from a random start, so that two requests at the same time do
 * not get the same. */
static const char *next_ip(struct as_call *c)
{
	static uint32_t turn;
	char text[64];
	const char *ip = NULL;

	pthread_mutex_lock(&c->server->alloc_lock);
	if (turn == 0)
		turn = 256 + gt_rand_below(60000);
	for (int i = 0; i < 65000 && !ip; i++) {
		uint32_t n = turn = turn >= 65000 ? 256 : turn + 1;
		if ((n & 255) == 0 || (n & 255) == 255)
			continue;
		snprintf(text, sizeof text, "\"clusterIP\":\"10.96.%u.%u\"", n >> 8, n & 255);
		if (!in_use(c, text))
			ip = gt_arena_printf(&c->arena, "10.96.%u.%u", n >> 8, n & 255);
	}
	pthread_mutex_unlock(&c->server->alloc_lock);
	return ip;
}

static int64_t next_port(struct as_call *c)
{
	static uint32_t turn;
	char text[64];
	int64_t port = 0;

	pthread_mutex_lock(&c->server->alloc_lock);
	if (turn == 0)
		turn = 1 + gt_rand_below(NODE_PORT_COUNT);
	for (int i = 0; i < NODE_PORT_COUNT && !port; i++) {
		turn = turn % NODE_PORT_COUNT + 1;
		snprintf(text, sizeof text, "\"nodePort\":%u", NODE_PORT_MIN + turn - 1);
		if (!in_use(c, text))
			port = NODE_PORT_MIN + turn - 1;
	}
	pthread_mutex_unlock(&c->server->alloc_lock);
	return port;
}

/* --- preparing ---------------------------------------------------------------------------- */

static bool type_is(const struct gt_node *spec, const char *type)
{
	return gt_node_is_text(gt_node_get(spec, "type"), type);
}

static struct gt_node *one(struct as_call *c, const char *text)
{
	struct gt_node *seq = gt_node_seq(&c->arena);

	gt_node_append(&c->arena, seq, gt_node_str(&c->arena, text));
	return seq;
}

static int set_ip(struct as_call *c, struct gt_node *spec)
{
	const char *ip = gt_node_cstr_at(spec, "clusterIP");

	if (!ip || !ip[0])
		ip = next_ip(c);
	if (!ip)
		return as_internal(c, "failed to allocate IP: range is full");
	gt_node_set_str(&c->arena, spec, "clusterIP", ip);
	gt_node_set(&c->arena, spec, "clusterIPs", one(c, ip));
	if (gt_node_count(gt_node_get(spec, "ipFamilies")) == 0)
		gt_node_set(&c->arena, spec, "ipFamilies", one(c, "IPv4"));
	if (!gt_node_cstr_at(spec, "ipFamilyPolicy"))
		gt_node_set_str(&c->arena, spec, "ipFamilyPolicy", "SingleStack");
	return GT_OK;
}

static int set_ports(struct as_call *c, struct gt_node *spec)
{
	bool wanted = type_is(spec, "NodePort") ||
		      (type_is(spec, "LoadBalancer") &&
		       gt_node_truth(gt_node_get(spec, "allocateLoadBalancerNodePorts"), true));

	gt_seq_for_each (gt_node_get(spec, "ports"), port) {
		if (!wanted || gt_node_int_or(gt_node_get(port, "nodePort"), 0) != 0)
			continue;
		int64_t n = next_port(c);
		if (!n)
			return as_internal(c, "failed to allocate a nodePort: range is full");
		gt_node_set_int(&c->arena, port, "nodePort", n);
	}
	return GT_OK;
}

int as_service_prepare_create(struct as_call *c, struct gt_node *obj)
{
	struct gt_node *spec = gt_node_get(obj, "spec");
	int rc = type_is(spec, "ExternalName") ? GT_OK : set_ip(c, spec);

	return rc == GT_OK ? set_ports(c, spec) : rc;
}

/* The node port that the old Service gave to the port of this number. */
static struct gt_node *old_node_port(const struct gt_node *live, const struct gt_node *port)
{
	gt_seq_for_each (gt_node_at(live, "spec", "ports"), p) {
		if (gt_node_equal(gt_node_get(p, "port"), gt_node_get(port, "port")) &&
		    gt_node_equal(gt_node_get(p, "protocol"), gt_node_get(port, "protocol")))
			return gt_node_get(p, "nodePort");
	}
	return NULL;
}

int as_service_prepare_update(struct as_call *c, const struct gt_node *live, struct gt_node *obj)
{
	static const char *const kept[] = {"clusterIP", "clusterIPs", "ipFamilies",
					   "ipFamilyPolicy"};
	struct gt_node *spec = gt_node_get(obj, "spec");
	const struct gt_node *before = gt_node_get(live, "spec");
	bool was_external = type_is(before, "ExternalName");
	bool external = type_is(spec, "ExternalName");

	for (size_t i = 0; i < GT_COUNT(kept) && !external && !was_external; i++) {
		const struct gt_node *v = gt_node_get(spec, kept[i]);
		if (gt_node_is_null(v) || (gt_node_is(v, GT_STR) && gt_node_text(v).n == 0) ||
		    (gt_node_is(v, GT_SEQ) && gt_node_count(v) == 0)) {
			if (gt_node_get(before, kept[i]))
				gt_node_set(&c->arena, spec, kept[i], gt_node_get(before, kept[i]));
		}
	}
	if (external && !was_external) {
		for (size_t i = 0; i < GT_COUNT(kept); i++)
			gt_node_unset(spec, kept[i]);
		return GT_OK;
	}
	gt_seq_for_each (gt_node_get(spec, "ports"), port) {
		struct gt_node *old = old_node_port(live, port);
		if ((type_is(spec, "NodePort") || type_is(spec, "LoadBalancer")) && old &&
		    gt_node_int_or(gt_node_get(port, "nodePort"), 0) == 0)
			gt_node_set(&c->arena, port, "nodePort", old);
	}
	if (!external && !gt_node_cstr_at(spec, "clusterIP")) {
		int rc = set_ip(c, spec);
		if (rc < 0)
			return rc;
	}
	return set_ports(c, spec);
}

/* --- validation --------------------------------------------------------------------------- */

static void check_port(const struct gt_node *ports, size_t i, struct gt_field_errors *errs)
{
	static const char *const protocols[] = {"SCTP", "TCP", "UDP", NULL};
	const struct gt_node *port = gt_node_item(ports, i);
	struct gt_arena *a = errs->arena;
	const char *at = gt_arena_printf(a, "spec.ports[%zu]", i);
	int64_t n = gt_node_int_or(gt_node_get(port, "port"), 0);
	const char *protocol = gt_node_cstr_or(gt_node_get(port, "protocol"), "");

	if (n < 1 || n > 65535)
		gt_field_invalid(errs, gt_arena_printf(a, "%s.port", at), gt_node_int(a, n),
				 "must be between 1 and 65535, inclusive");
	if (gt_node_count(ports) > 1 && gt_node_text(gt_node_get(port, "name")).n == 0)
		gt_field_required(errs, gt_arena_printf(a, "%s.name", at), "");
	if (!gt_streq(protocol, "TCP") && !gt_streq(protocol, "UDP") && !gt_streq(protocol, "SCTP"))
		gt_field_not_supported(errs, gt_arena_printf(a, "%s.protocol", at),
				       gt_node_str(a, protocol), protocols);
	for (size_t j = 0; j < i; j++) {
		const struct gt_node *other = gt_node_item(ports, j);
		if (gt_node_text(gt_node_get(port, "name")).n > 0 &&
		    gt_node_equal(gt_node_get(port, "name"), gt_node_get(other, "name")))
			gt_field_duplicate(errs, gt_arena_printf(a, "%s.name", at),
					   gt_node_get(port, "name"));
	}
}

void as_service_validate(struct as_call *c, const struct gt_node *live, const struct gt_node *obj,
			 struct gt_field_errors *errs)
{
	static const char *const types[] = {"ClusterIP", "ExternalName", "LoadBalancer", "NodePort",
					    NULL};
	const struct gt_node *spec = gt_node_get(obj, "spec"), *ports = gt_node_get(spec, "ports");
	const char *type = gt_node_cstr_or(gt_node_get(spec, "type"), "");
	bool external = gt_streq(type, "ExternalName"), known = false;
	bool headless = gt_node_is_text(gt_node_get(spec, "clusterIP"), "None");
	const char *before = gt_node_cstr_at(live, "spec", "clusterIP");

	(void)c;
	for (size_t i = 0; types[i]; i++)
		known |= gt_streq(type, types[i]);
	if (!known)
		gt_field_not_supported(errs, "spec.type", gt_node_get(spec, "type"), types);
	if (gt_node_count(ports) == 0 && !external && !headless)
		gt_field_required(errs, "spec.ports", "");
	for (size_t i = 0; i < gt_node_count(ports); i++)
		check_port(ports, i, errs);
	if (external && gt_node_text(gt_node_get(spec, "externalName")).n == 0)
		gt_field_required(errs, "spec.externalName", "");
	if (before && before[0] && !external &&
	    !gt_node_is_text(gt_node_get(spec, "clusterIP"), before))
		gt_field_invalid(errs, "spec.clusterIPs[0]", gt_node_get(spec, "clusterIPs"),
				 "may not change once set");
}
