/*
 * gt_log - structured logging: one JSON object a line on standard error, in Flux's form (level,
 * ts, logger, msg, then fields in order, error last), or tab-separated text with the console
 * encoding.
 *
 * A struct gt_log carries bound fields down the call tree: it is a small value that points to its
 * parent and lives on the stack.  Libraries below the runtime do not log; they return errors.
 * Secrets never go through here in clear: use gt_secret_shown().  Any thread; a line is one write.
 *
 *	struct gt_log log = gt_log_with(parent, gt_kv_str("name", name), gt_kv_str("namespace",
 *ns)); gt_log_info(&log, "artifact stored", gt_kv_str("revision", rev));
 */
#ifndef GT_BASE_LOG_H
#define GT_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum gt_log_level { GT_LOG_TRACE, GT_LOG_DEBUG, GT_LOG_INFO, GT_LOG_ERROR };
enum gt_log_encoding { GT_LOG_JSON, GT_LOG_CONSOLE };

struct gt_kv {
	const char *key; /* NULL ends a list */
	enum { GT_KV_STR, GT_KV_INT, GT_KV_DURATION, GT_KV_BOOL, GT_KV_REF, GT_KV_RAW } kind;
	struct gt_str s;  /* string; raw JSON text; name of a reference */
	struct gt_str s2; /* namespace of a reference */
	int64_t i;        /* number, nanoseconds, bool */
};

#define gt_kv_str(k, v) ((struct gt_kv){.key = (k), .kind = GT_KV_STR, .s = gt_str(v)})
#define gt_kv_strn(k, v) ((struct gt_kv){.key = (k), .kind = GT_KV_STR, .s = (v)})
#define gt_kv_int(k, v) ((struct gt_kv){.key = (k), .kind = GT_KV_INT, .i = (int64_t)(v)})
#define gt_kv_bool(k, v) ((struct gt_kv){.key = (k), .kind = GT_KV_BOOL, .i = (v)})
/* Printed as seconds. */
#define gt_kv_duration(k, v) ((struct gt_kv){.key = (k), .kind = GT_KV_DURATION, .i = (v)})
/* Printed as {"name": ..., "namespace": ...}. */
#define gt_kv_ref(k, ns, name) \
	((struct gt_kv){.key = (k), .kind = GT_KV_REF, .s = gt_str(name), .s2 = gt_str(ns)})
/* JSON text, already well formed. */
#define gt_kv_raw(k, v) ((struct gt_kv){.key = (k), .kind = GT_KV_RAW, .s = gt_str(v)})

#define GT_LOG_FIELDS 8

struct gt_log {
	const struct gt_log *parent;
	const char *logger; /* dotted name, NULL for none */
	struct gt_kv fields[GT_LOG_FIELDS + 1];
};

/* Process-wide settings; set once at start. */
void gt_log_setup(enum gt_log_level level, enum gt_log_encoding encoding);
bool gt_log_level_parse(struct gt_str s, enum gt_log_level *ret_level);
bool gt_log_enabled(enum gt_log_level level);

/* Where lines go; the default is standard error.  For tests and for programs with a log of their
 * own.  The line ends with a newline.  NULL restores the default. */
void gt_log_redirect(void (*write_line)(void *arg, struct gt_str line), void *arg);

struct gt_log gt_log__with(const struct gt_log *parent, const char *logger,
			   const struct gt_kv *fields);
#define gt_log_with(parent, ...) \
	gt_log__with(parent, NULL, (const struct gt_kv[]){__VA_ARGS__ __VA_OPT__(, ){0}})
#define gt_log_named(parent, name) gt_log__with(parent, name, (const struct gt_kv[]){{0}})

/* log may be NULL.  err, when not NULL, is written last as "error". */
void gt_log__write(const struct gt_log *log, enum gt_log_level level, const char *msg,
		   const struct gt_err *err, const struct gt_kv *fields);

#define gt_log_trace(log, msg, ...)                 \
	gt_log__write(log, GT_LOG_TRACE, msg, NULL, \
		      (const struct gt_kv[]){__VA_ARGS__ __VA_OPT__(, ){0}})
#define gt_log_debug(log, msg, ...)                 \
	gt_log__write(log, GT_LOG_DEBUG, msg, NULL, \
		      (const struct gt_kv[]){__VA_ARGS__ __VA_OPT__(, ){0}})
#define gt_log_info(log, msg, ...)                 \
	gt_log__write(log, GT_LOG_INFO, msg, NULL, \
		      (const struct gt_kv[]){__VA_ARGS__ __VA_OPT__(, ){0}})
#define gt_log_error(log, err, msg, ...)           \
	gt_log__write(log, GT_LOG_ERROR, msg, err, \
		      (const struct gt_kv[]){__VA_ARGS__ __VA_OPT__(, ){0}})

#endif
