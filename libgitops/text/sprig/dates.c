/* Times, dates and durations. */
#include <string.h>

#include "base/time.h"
#include "text/sprig/gotime_impl.h"
#include "text/sprig/sprig_impl.h"
#include "text/template/gonum.h"

struct time_obj {
	struct gt_vobj obj;
	struct gotime t;
};

static const struct gt_vclass time_class;

static struct gotime *time_of(struct gt_value v)
{
	return v.kind == GT_V_OBJ && v.obj->cls == &time_class ? &((struct time_obj *)v.obj)->t
							       : NULL;
}

struct gt_value sprig__time_value(struct gt_arena *a, struct gotime t)
{
	struct time_obj *o = gt_arena_new(a, struct time_obj);

	if (!o)
		return GT_VALUE_NIL;
	o->obj.cls = &time_class;
	o->t = t;
	return gt_vobj(&o->obj);
}

static int ret_time(struct gt_tmpl_call *c, struct gotime t)
{
	c->ret = sprig__time_value(c->a, t);
	return c->ret.kind == GT_V_OBJ ? GT_OK : GT_E_BUDGET;
}

static struct gotime now(struct gt_arena *a)
{
	int64_t ns = gt_now_wall();

	return (struct gotime){ns / GT_NS_PER_S, (int32_t)(ns % GT_NS_PER_S), sprig__zone_local(a)};
}

/* Times and whole seconds; everything else means now. */
static struct gotime to_time(struct gt_arena *a, struct gt_value v)
{
	if (time_of(v))
		return *time_of(v);
	if (gt_value_is_int(v))
		return (struct gotime){v.i, 0, sprig__zone_local(a)};
	return now(a);
}

static int fn_now(struct gt_tmpl_call *c)
{
	return ret_time(c, now(c->a));
}

static int format_in(struct gt_tmpl_call *c, struct gt_str layout, struct gt_value v,
		     struct gt_str zone)
{
	struct gotime t = to_time(c->a, v);
	const struct sprig_zone *z = sprig__zone(c->a, zone);
	gt_auto_buf out = {0};

	t.zone = z ? z : sprig__zone_utc();
	gotime_format(&out, t, layout);
	return gt_tmpl_return_buf(c, &out);
}

static int fn_date(struct gt_tmpl_call *c)
{
	return format_in(c, c->arg[0].s, c->arg[1], GT_STR_LIT("Local"));
}

static int fn_date_in_zone(struct gt_tmpl_call *c)
{
	return format_in(c, c->arg[0].s, c->arg[1], c->arg[2].s);
}

static int fn_html_date(struct gt_tmpl_call *c)
{
	return format_in(c, GT_STR_LIT("2006-01-02"), c->arg[0], GT_STR_LIT("Local"));
}

static int fn_html_date_in_zone(struct gt_tmpl_call *c)
{
	return format_in(c, GT_STR_LIT("2006-01-02"), c->arg[0], c->arg[1].s);
}

static struct gotime add(struct gotime t, int64_t ns)
{
	int64_t nsec = t.nsec + ns % GT_NS_PER_S;

	t.sec += ns / GT_NS_PER_S + (nsec >= GT_NS_PER_S) - (nsec < 0);
	t.nsec = (int32_t)(nsec + (nsec < 0              ? GT_NS_PER_S
				   : nsec >= GT_NS_PER_S ? -GT_NS_PER_S
							 : 0));
	return t;
}

static int fn_date_modify(struct gt_tmpl_call *c)
{
	int64_t ns;
	struct gt_err err;

	if (gt_duration_parse(c->arg[0].s, &ns, &err) >= 0)
		return ret_time(c, add(*time_of(c->arg[1]), ns));
	if (strncmp(c->f->name, "must", 4) == 0)
		return gt_tmpl_throw(c, "%s", err.text);
	c->ret = c->arg[1];
	return GT_OK;
}

static int fn_to_date(struct gt_tmpl_call *c)
{
	gt_auto_buf error = {0};
	struct gotime t;

	if (!gotime_parse(c->a, c->arg[0].s, c->arg[1].s, sprig__zone_local(c->a), &t, &error) &&
	    strncmp(c->f->name, "must", 4) == 0)
		return gt_tmpl_throw_str(c, gt_buf_str(&error));
	return ret_time(c, t);
}

static int fn_unix_epoch(struct gt_tmpl_call *c)
{
	return sprig__str(
		c, gt_str(gt_arena_printf(c->a, "%lld", (long long)time_of(c->arg[0])->sec)));
}

/* --- durations ---------------------------------------------------------------------------- */

static int ret_duration(struct gt_tmpl_call *c, int64_t ns)
{
	char text[GT_TIME_TEXT];

	return sprig__str(c, gt_arena_str(c->a, gt_str(gt_duration(ns, text))));
}

static int64_t since(struct gt_arena *a, struct gotime t)
{
	struct gotime n = now(a);
	int64_t seconds, ns;

	if (__builtin_sub_overflow(n.sec, t.sec, &seconds) ||
	    __builtin_mul_overflow(seconds, GT_NS_PER_S, &ns))
		return n.sec > t.sec ? INT64_MAX : INT64_MIN;
	return ns + n.nsec - t.nsec;
}

static int fn_ago(struct gt_tmpl_call *c)
{
	int64_t ns = since(c->a, to_time(c->a, c->arg[0])), rest = ns % GT_NS_PER_S;

	ns -= rest;
	if (rest * 2 >= GT_NS_PER_S)
		ns += GT_NS_PER_S;
	else if (rest * 2 <= -GT_NS_PER_S)
		ns -= GT_NS_PER_S;
	return ret_duration(c, ns);
}

/* Texts and int64 are seconds; an int is none of these. */
static int fn_duration(struct gt_tmpl_call *c)
{
	int64_t seconds = 0;

	if (c->arg[0].kind == GT_V_STR)
		gt_go_int(c->arg[0].s, 10, &seconds);
	else if (c->arg[0].kind == GT_V_INT64)
		seconds = c->arg[0].i;
	return ret_duration(c, (int64_t)((uint64_t)seconds * (uint64_t)GT_NS_PER_S));
}

static int fn_duration_round(struct gt_tmpl_call *c)
{
	static const struct {
		const char *unit;
		uint64_t seconds;
	} units[] = {{"y", 365 * 86400}, {"mo", 30 * 86400}, {"d", 86400},
		     {"h", 3600},        {"m", 60},          {"s", 1}};
	struct gt_value v = c->arg[0];
	int64_t ns = 0;

	if (v.kind == GT_V_STR && gt_duration_parse(v.s, &ns, NULL) < 0)
		ns = 0;
	else if (v.kind == GT_V_INT64)
		ns = v.i;
	else if (time_of(v))
		ns = since(c->a, *time_of(v));
	uint64_t u = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
	for (size_t i = 0; i < GT_COUNT(units); i++) {
		uint64_t unit = units[i].seconds * (uint64_t)GT_NS_PER_S;

		if (u > unit)
			return sprig__str(c, gt_str(gt_arena_printf(c->a, "%llu%s",
								    (unsigned long long)(u / unit),
								    units[i].unit)));
	}
	return sprig__str(c, GT_STR_LIT("0s"));
}

/* --- methods of time.Time ----------------------------------------------------------------- */

static int m_format(struct gt_tmpl_call *c)
{
	gt_auto_buf out = {0};

	gotime_format(&out, *time_of(c->self), c->arg[0].s);
	return gt_tmpl_return_buf(c, &out);
}

static int m_string(struct gt_tmpl_call *c)
{
	gt_auto_buf out = {0};

	gotime_print(&out, *time_of(c->self));
	return gt_tmpl_return_buf(c, &out);
}

static int m_unix(struct gt_tmpl_call *c)
{
	c->ret = gt_vint64(time_of(c->self)->sec);
	return GT_OK;
}

static int m_unix_nano(struct gt_tmpl_call *c)
{
	const struct gotime *t = time_of(c->self);

	c->ret = gt_vint64((int64_t)((uint64_t)t->sec * (uint64_t)GT_NS_PER_S + (uint64_t)t->nsec));
	return GT_OK;
}

static int m_unix_milli(struct gt_tmpl_call *c)
{
	const struct gotime *t = time_of(c->self);

	c->ret = gt_vint64(t->sec * 1000 + t->nsec / 1000000);
	return GT_OK;
}

static int m_field(struct gt_tmpl_call *c)
{
	struct gotime_fields f = gotime_fields(*time_of(c->self));
	const char *name = c->f->name;

	if (strcmp(name, "Month") == 0 || strcmp(name, "Weekday") == 0) {
		gt_auto_buf out = {0};

		gotime_format(&out, *time_of(c->self),
			      gt_str(name[0] == 'M' ? "January" : "Monday"));
		return gt_tmpl_return_buf(c, &out);
	}
	int64_t v = strcmp(name, "Year") == 0      ? f.year
		    : strcmp(name, "Day") == 0     ? f.day
		    : strcmp(name, "Hour") == 0    ? f.hour
		    : strcmp(name, "Minute") == 0  ? f.minute
		    : strcmp(name, "Second") == 0  ? f.second
		    : strcmp(name, "YearDay") == 0 ? f.yday
						   : f.nsec;
	c->ret = gt_vint(v);
	return GT_OK;
}

static int m_add_date(struct gt_tmpl_call *c)
{
	const struct gotime *t = time_of(c->self);
	struct gotime_fields f = gotime_fields(*t);

	for (size_t i = 0; i < 3; i++) {
		if (c->arg[i].i > 1000000 || c->arg[i].i < -1000000)
			return gt_tmpl_throw(c, "date out of range");
	}
	return ret_time(c, gotime_of(f.year + c->arg[0].i, f.month + (int)c->arg[1].i,
				     f.day + (int)c->arg[2].i, f.hour, f.minute, f.second, f.nsec,
				     t->zone));
}

static int m_utc(struct gt_tmpl_call *c)
{
	struct gotime t = *time_of(c->self);

	t.zone = strcmp(c->f->name, "UTC") == 0 ? sprig__zone_utc() : sprig__zone_local(c->a);
	return ret_time(c, t);
}

static int m_is_zero(struct gt_tmpl_call *c)
{
	const struct gotime *t = time_of(c->self);

	return sprig__bool(c, t->sec == GOTIME_ZERO_SEC && t->nsec == 0);
}

static int m_order(struct gt_tmpl_call *c)
{
	const struct gotime *x = time_of(c->self), *y = time_of(c->arg[0]);
	int order = x->sec != y->sec ? (x->sec < y->sec ? -1 : 1)
				     : (x->nsec > y->nsec) - (x->nsec < y->nsec);

	return sprig__bool(c, c->f->name[0] == 'A'   ? order > 0
			      : c->f->name[0] == 'B' ? order < 0
						     : order == 0);
}

static void print_time(struct gt_buf *out, const struct gt_vobj *obj)
{
	gotime_print(out, ((const struct time_obj *)obj)->t);
}

static struct gt_value plain_time(struct gt_arena *a, const struct gt_vobj *obj)
{
	gt_auto_buf out = {0};

	gotime_rfc3339(&out, ((const struct time_obj *)obj)->t);
	return gt_vstr_buf(a, &out);
}

static int times_equal(const struct gt_vobj *x, const struct gt_vobj *y)
{
	const struct gotime *p = &((const struct time_obj *)x)->t,
			    *q = &((const struct time_obj *)y)->t;

	return p->sec == q->sec && p->nsec == q->nsec && p->zone == q->zone;
}

static const struct gt_tmpl_func time_methods[] = {
	{"AddDate", "iii", m_add_date},
	{"After", "t", m_order},
	{"Before", "t", m_order},
	{"Day", "", m_field},
	{"Equal", "t", m_order},
	{"Format", "s", m_format},
	{"Hour", "", m_field},
	{"IsZero", "", m_is_zero},
	{"Local", "", m_utc},
	{"Minute", "", m_field},
	{"Month", "", m_field},
	{"Nanosecond", "", m_field},
	{"Second", "", m_field},
	{"String", "", m_string},
	{"UTC", "", m_utc},
	{"Unix", "", m_unix},
	{"UnixMilli", "", m_unix_milli},
	{"UnixNano", "", m_unix_nano},
	{"Weekday", "", m_field},
	{"Year", "", m_field},
	{"YearDay", "", m_field},
	{0},
};

static const struct gt_vclass time_class = {
	.type = "time.Time",
	.methods = time_methods,
	.print = print_time,
	.plain = plain_time,
	.equal = times_equal,
};

const struct gt_tmpl_func gt_sprig_dates[] = {
	{"ago", "a", fn_ago},
	{"date", "sa", fn_date},
	{"dateInZone", "sas", fn_date_in_zone},
	{"dateModify", "st", fn_date_modify},
	{"date_in_zone", "sas", fn_date_in_zone},
	{"date_modify", "st", fn_date_modify},
	{"duration", "a", fn_duration},
	{"durationRound", "a", fn_duration_round},
	{"htmlDate", "a", fn_html_date},
	{"htmlDateInZone", "as", fn_html_date_in_zone},
	{"mustDateModify", "st", fn_date_modify},
	{"mustToDate", "ss", fn_to_date},
	{"must_date_modify", "st", fn_date_modify},
	{"now", "", fn_now},
	{"toDate", "ss", fn_to_date},
	{"unixEpoch", "t", fn_unix_epoch},
	{0},
};
