#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/time.h"
#include "base/utf8.h"

/* A longer value is cut; a line stays bounded by its number of fields. */
#define VALUE_MAX ((size_t)32 * 1024)
/* Of one message, this many lines a second are written, and then one of every so many. */
#define SAMPLE_FIRST 100
#define SAMPLE_EVERY 100
#define SAMPLE_SLOTS 1024

static _Atomic int min_level = GT_LOG_INFO;
static _Atomic int line_encoding = GT_LOG_JSON;

static pthread_mutex_t sink_lock = PTHREAD_MUTEX_INITIALIZER;
static void (*sink)(void *arg, struct gt_str line); /* guarded by sink_lock; NULL is stderr */
static void *sink_arg;

static const struct {
	const char *name, *upper;
} levels[] = {
	[GT_LOG_TRACE] = {"trace", "TRACE"},
	[GT_LOG_DEBUG] = {"debug", "DEBUG"},
	[GT_LOG_INFO] = {"info", "INFO"},
	[GT_LOG_ERROR] = {"error", "ERROR"},
};

void gt_log_setup(enum gt_log_level level, enum gt_log_encoding encoding)
{
	atomic_store_explicit(&min_level, (int)level, memory_order_relaxed);
	atomic_store_explicit(&line_encoding, (int)encoding, memory_order_relaxed);
}

bool gt_log_level_parse(struct gt_str s, enum gt_log_level *ret_level)
{
	for (size_t i = 0; i < GT_COUNT(levels); i++) {
		if (gt_str_is(s, levels[i].name)) {
			*ret_level = (enum gt_log_level)i;
			return true;
		}
	}
	return false;
}

bool gt_log_enabled(enum gt_log_level level)
{
	return (int)level >= atomic_load_explicit(&min_level, memory_order_relaxed);
}

void gt_log_redirect(void (*write_line)(void *arg, struct gt_str line), void *arg)
{
	pthread_mutex_lock(&sink_lock);
	sink = write_line;
	sink_arg = arg;
	pthread_mutex_unlock(&sink_lock);
}

struct gt_log gt_log__with(const struct gt_log *parent, const char *logger,
			   const struct gt_kv *fields)
{
	struct gt_log log = {.parent = parent, .logger = logger};

	for (size_t i = 0; i < GT_LOG_FIELDS && fields[i].key; i++)
		log.fields[i] = fields[i];
	return log;
}

/*
 * Counts a line of this level and message; false if it is to be dropped.  As in zap, messages that
 * share a slot share the count.  No sampling when traces are wanted.
 */
static bool sample(enum gt_log_level level, const char *msg)
{
	static struct {
		_Atomic int64_t second;
		_Atomic uint32_t count;
	} slots[SAMPLE_SLOTS];

	if (atomic_load_explicit(&min_level, memory_order_relaxed) == GT_LOG_TRACE)
		return true;
	size_t at = (gt_hash_bytes(msg, strlen(msg)) + (size_t)level) % SAMPLE_SLOTS;
	int64_t now = gt_now_wall() / GT_NS_PER_S;
	int64_t seen = atomic_load(&slots[at].second);
	if (seen != now && atomic_compare_exchange_strong(&slots[at].second, &seen, now))
		atomic_store(&slots[at].count, 0);
	uint32_t n = atomic_fetch_add(&slots[at].count, 1) + 1;
	return n <= SAMPLE_FIRST || (n - SAMPLE_FIRST) % SAMPLE_EVERY == 0;
}

/* One character as it appears between quotes; an invalid byte becomes U+FFFD. */
static size_t add_char(struct gt_buf *out, struct gt_str s, bool escape_quotes)
{
	unsigned char c = (unsigned char)s.p[0];
	size_t len = 1;

	if (c >= 0x80) {
		if (gt_utf8_decode(s, &len) == GT_RUNE_ERROR && len == 1)
			gt_buf_adds(out, "\\ufffd");
		else
			gt_buf_add(out, s.p, len);
	} else if (c == '\n') {
		gt_buf_adds(out, "\\n");
	} else if (c == '\r') {
		gt_buf_adds(out, "\\r");
	} else if (c == '\t') {
		gt_buf_adds(out, "\\t");
	} else if (c < 0x20) {
		gt_buf_printf(out, "\\u%04x", c);
	} else {
		if (escape_quotes && (c == '"' || c == '\\'))
			gt_buf_addc(out, '\\');
		gt_buf_addc(out, (char)c);
	}
	return len;
}

static void add_escaped(struct gt_buf *out, struct gt_str s, bool escape_quotes)
{
	size_t n = gt_utf8_cut(s, VALUE_MAX);
	bool cut = n < s.n;

	for (s.n = n; s.n;) {
		size_t plain = 0;

		while (plain < s.n && (unsigned char)s.p[plain] >= 0x20 && s.p[plain] != '"' &&
		       s.p[plain] != '\\' && (unsigned char)s.p[plain] < 0x80)
			plain++;
		gt_buf_add(out, s.p, plain);
		s = gt_str_from(s, plain);
		if (s.n)
			s = gt_str_from(s, add_char(out, s, escape_quotes));
	}
	if (cut)
		gt_buf_adds(out, "...");
}

static void add_string(struct gt_buf *out, struct gt_str s)
{
	gt_buf_addc(out, '"');
	add_escaped(out, s, true);
	gt_buf_addc(out, '"');
}

static void add_seconds(struct gt_buf *out, int64_t ns)
{
	uint64_t u = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
	uint64_t part = u % 1000000000;
	int digits = 9;

	gt_buf_printf(out, "%s%llu", ns < 0 ? "-" : "", (unsigned long long)(u / 1000000000));
	if (part == 0)
		return;
	for (; part % 10 == 0; part /= 10)
		digits--;
	gt_buf_printf(out, ".%0*llu", digits, (unsigned long long)part);
}

static void add_ref(struct gt_buf *out, const struct gt_kv *kv)
{
	gt_buf_adds(out, "{\"name\":");
	add_string(out, kv->s);
	if (kv->s2.n) {
		gt_buf_adds(out, ",\"namespace\":");
		add_string(out, kv->s2);
	}
	gt_buf_addc(out, '}');
}

/* A line break in JSON text can only be white space, and would end the line. */
static void add_raw(struct gt_buf *out, struct gt_str json)
{
	if (json.n == 0) {
		gt_buf_adds(out, "null");
		return;
	}
	if (json.n > VALUE_MAX) {
		add_string(out, json);
		return;
	}
	for (size_t i = 0; i < json.n; i++)
		gt_buf_addc(out, json.p[i] == '\n' || json.p[i] == '\r' ? ' ' : json.p[i]);
}

static void add_value(struct gt_buf *out, const struct gt_kv *kv)
{
	switch (kv->kind) {
	case GT_KV_STR: add_string(out, kv->s); break;
	case GT_KV_INT: gt_buf_printf(out, "%lld", (long long)kv->i); break;
	case GT_KV_DURATION: add_seconds(out, kv->i); break;
	case GT_KV_BOOL: gt_buf_adds(out, kv->i ? "true" : "false"); break;
	case GT_KV_REF: add_ref(out, kv); break;
	case GT_KV_RAW: add_raw(out, kv->s); break;
	}
}

/* A line being written: whether fields need a separator first, and how wide it is. */
struct line {
	struct gt_buf buf;
	bool first;
	bool spaced;
};

static void add_field(struct line *l, const struct gt_kv *kv)
{
	if (!l->first)
		gt_buf_adds(&l->buf, l->spaced ? ", " : ",");
	l->first = false;
	add_string(&l->buf, gt_str(kv->key));
	gt_buf_adds(&l->buf, l->spaced ? ": " : ":");
	add_value(&l->buf, kv);
}

/* The fields bound on the way down, outermost first. */
static void add_bound(struct line *l, const struct gt_log *log)
{
	if (!log)
		return;
	add_bound(l, log->parent);
	for (const struct gt_kv *kv = log->fields; kv->key; kv++)
		add_field(l, kv);
}

static void add_logger(struct gt_buf *out, const struct gt_log *log)
{
	if (!log)
		return;
	size_t before = out->n;
	add_logger(out, log->parent);
	if (!log->logger)
		return;
	if (out->n > before)
		gt_buf_addc(out, '.');
	gt_buf_adds(out, log->logger);
}

static void add_fields(struct line *l, const struct gt_log *log, const struct gt_err *err,
		       const struct gt_kv *fields)
{
	add_bound(l, log);
	for (const struct gt_kv *kv = fields; kv->key; kv++)
		add_field(l, kv);
	if (err)
		add_field(l, &gt_kv_str("error", err->text));
}

static void write_json(struct line *l, const struct gt_log *log, enum gt_log_level level,
		       const char *msg, const struct gt_err *err, const struct gt_kv *fields)
{
	gt_auto_buf logger = {0};
	char ts[GT_TIME_TEXT];

	gt_buf_addc(&l->buf, '{');
	add_field(l, &gt_kv_str("level", levels[level].name));
	add_field(l, &gt_kv_str("ts", gt_rfc3339_ms(gt_now_wall(), ts)));
	add_logger(&logger, log);
	if (logger.n)
		add_field(l, &gt_kv_strn("logger", gt_buf_str(&logger)));
	add_field(l, &gt_kv_str("msg", msg));
	add_fields(l, log, err, fields);
	gt_buf_addc(&l->buf, '}');
}

/* "ts<TAB>LEVEL<TAB>logger<TAB>msg<TAB>{fields}"; what is empty is left out with its tab. */
static void write_console(struct line *l, const struct gt_log *log, enum gt_log_level level,
			  const char *msg, const struct gt_err *err, const struct gt_kv *fields)
{
	char ts[GT_TIME_TEXT];

	gt_buf_adds(&l->buf, gt_rfc3339_ms(gt_now_wall(), ts));
	gt_buf_addc(&l->buf, '\t');
	gt_buf_adds(&l->buf, levels[level].upper);
	gt_buf_addc(&l->buf, '\t');
	size_t before = l->buf.n;
	add_logger(&l->buf, log);
	if (l->buf.n > before)
		gt_buf_addc(&l->buf, '\t');
	add_escaped(&l->buf, gt_str(msg), false);
	before = l->buf.n;
	gt_buf_adds(&l->buf, "\t{");
	l->spaced = true;
	add_fields(l, log, err, fields);
	if (l->first)
		l->buf.n = before;
	else
		gt_buf_addc(&l->buf, '}');
}

/* A log that cannot be written has nowhere to complain; the line is lost. */
static void write_stderr(struct gt_str line)
{
	while (line.n) {
		ssize_t n = write(STDERR_FILENO, line.p, line.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		line = gt_str_from(line, (size_t)n);
	}
}

void gt_log__write(const struct gt_log *log, enum gt_log_level level, const char *msg,
		   const struct gt_err *err, const struct gt_kv *fields)
{
	struct line l = {.first = true};

	if (!gt_log_enabled(level) || !sample(level, msg))
		return;
	if (atomic_load_explicit(&line_encoding, memory_order_relaxed) == GT_LOG_CONSOLE)
		write_console(&l, log, level, msg, err, fields);
	else
		write_json(&l, log, level, msg, err, fields);
	gt_buf_addc(&l.buf, '\n');

	pthread_mutex_lock(&sink_lock);
	if (sink)
		sink(sink_arg, gt_buf_str(&l.buf));
	else
		write_stderr(gt_buf_str(&l.buf));
	pthread_mutex_unlock(&sink_lock);
	gt_buf_fini(&l.buf);
}
