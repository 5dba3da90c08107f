/*
 * What a reconcile gets and what it answers.
 *
 * A reconcile is straight-line code on a worker thread: it may block on requests, never on the
 * world.  It ends by saying what to wake on (struct gt_next).  See runtime/controller.h.
 */
#ifndef GT_RUNTIME_RECONCILE_H
#define GT_RUNTIME_RECONCILE_H

#include "base/ctx.h"
#include "base/log.h"
#include "kube/client.h"
#include "kube/kstatus.h"

struct gt_controller;
struct gt_manager;

enum gt_next_kind {
	GT_NEXT_DONE,    /* nothing until the next event */
	GT_NEXT_AFTER,   /* run again after after_ns */
	GT_NEXT_NOW,     /* run again with back-off */
	GT_NEXT_WATCH,   /* run again when the wait is over, see struct gt_wait */
	GT_NEXT_DEPENDS, /* run again when one of the objects changes, or after after_ns */
};

/* How an object waited for is judged; loop thread, pure, quick.  obj NULL: it does not exist. */
typedef enum gt_status (*gt_judge_fn)(void *arg, const struct gt_ref *ref,
				      const struct gt_node *obj);

struct gt_wait_ref {
	struct gt_ref ref;
	/* resourceVersion that the reconcile wrote or judged, "" when the object was absent, NULL
	 * when it did not look.  States before it are not looked at; with GT_WAIT_CHANGE one
	 * after it wakes. */
	const char *seen;
};

enum gt_wait_mode {
	GT_WAIT_SETTLED, /* every object is Current or Failed */
	GT_WAIT_CHANGE,  /* some object is not what was seen */
	GT_WAIT_ABSENT,  /* no object exists any more */
};

/*
 * A set of objects to wait for, with the identity of `kube`.  References and strings are copied.
 * judge NULL is kstatus; judge_arg must live until the wait ends (keep it in the wait state).
 */
struct gt_wait {
	struct gt_kube *kube;
	const struct gt_wait_ref *refs;
	size_t n;
	enum gt_wait_mode mode;
	bool fail_fast; /* SETTLED: the first Failed ends it */
	gt_judge_fn judge;
	void *judge_arg;
	bool whole;          /* judge reads more than kstatus does: keep whole objects */
	int64_t deadline_ns; /* from now; 0: none */
};

struct gt_next {
	enum gt_next_kind kind;
	int64_t after_ns;
	bool terminal;       /* with an error: trying again cannot help, wait for a change */
	struct gt_wait wait; /* WATCH */
	const struct gt_ref *depends; /* DEPENDS: objects of kinds this manager watches */
	size_t n_depends;
};

/* Why the key runs. */
enum gt_wake {
	GT_WAKE_EVENT,    /* the object, or one it depends on, changed; or it was asked for */
	GT_WAKE_TIMER,    /* after a delay or back-off */
	GT_WAKE_SETTLED,  /* the wait is over */
	GT_WAKE_DEADLINE, /* the wait's deadline passed */
};

struct gt_reconcile {
	struct gt_arena *arena;   /* of this run, with the memory budget */
	struct gt_ctx *ctx;       /* ends with the process or the run's timeout */
	const struct gt_log *log; /* has controller, name, namespace, reconcileID */
	const char *id;           /* reconcileID */
	struct gt_key key;
	struct gt_node *obj;  /* own copy: live from the server, or the cached one */
	struct gt_kube *kube; /* the controller's own identity */
	struct gt_controller *controller;
	struct gt_manager *manager;
	void *arg; /* of the registration */
	enum gt_wake wake;
	bool interrupted; /* a wait was cut short by a new event */
	/*
	 * State that outlives the run while a wait lasts: what a run leaves here is given to the
	 * next one of the key.  Freed with the destructor when a run returns anything but WATCH
	 * and has not taken it out, and when the object is gone.
	 */
	void *wait_state;
	void (*wait_state_free)(void *);
};

static inline int gt_next_after(struct gt_next *next, int64_t ns)
{
	*next = (struct gt_next){.kind = GT_NEXT_AFTER, .after_ns = ns};
	return GT_OK;
}

static inline int gt_next_now(struct gt_next *next)
{
	*next = (struct gt_next){.kind = GT_NEXT_NOW};
	return GT_OK;
}

/* For `return gt_next_terminal(next, err)` after gt_fail or gt_wrap. */
static inline int gt_next_terminal(struct gt_next *next, const struct gt_err *err)
{
	*next = (struct gt_next){.terminal = true};
	return err->code;
}

#endif
