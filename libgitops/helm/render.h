/*
 * From a chart and values to manifests, as Helm renders them without a cluster.
 *
 * Everything is made in the arena that is given, whose budget bounds the rendering; a template that
 * does not end runs into the budget of steps.  One owner at a time; any thread.
 */
#ifndef GT_HELM_RENDER_H
#define GT_HELM_RENDER_H

#include "helm/chart.h"

struct gt_helm_opts {
	struct gt_str release, namespace_;
	int64_t revision; /* 0 means 1 */
	bool is_upgrade;
	struct gt_str kube_version;      /* empty: the one Helm is built for */
	const char *const *api_versions; /* more than the built-in ones; NULL-terminated or NULL */
	bool skip_schema;                /* do not validate values */
	uint64_t max_steps;              /* 0 means the default */
};

/* A document of the output. */
struct gt_manifest {
	struct gt_str path; /* of the template it came from: "chart/templates/x.yaml" */
	struct gt_str content;
	struct gt_str kind, api_version, name;
};

struct gt_hook {
	struct gt_manifest manifest;
	int64_t weight;
	struct gt_value events;          /* list of strings: "pre-install", "test"... */
	struct gt_value delete_policies; /* list of strings */
	struct gt_value log_policies;    /* list of strings */
};

struct gt_helm_output {
	struct gt_value files; /* map: template path -> text, before it is split; notes included */
	struct gt_manifest *manifests; /* in the order of installation */
	size_t nmanifests;
	struct gt_hook *hooks;
	size_t nhooks;
	struct gt_manifest *crds; /* of the folders crds/; kind and name are empty */
	size_t ncrds;
	struct gt_str notes;
	struct gt_value values; /* coalesced */
};

/*
 * Processes the chart's dependencies (which changes it), coalesces the values, renders and sorts.
 * user is a map or GT_VALUE_NIL.  Errors read as Helm's.  After an error while sorting, ret holds
 * the files.
 */
int gt_helm_render(struct gt_arena *a, struct gt_chart *chart, struct gt_value user,
		   const struct gt_helm_opts *opts, struct gt_helm_output *ret, struct gt_err *err);

/* Splits rendered files into manifests and hooks.  files: map of path to text. */
int gt_helm_sort(struct gt_arena *a, struct gt_value files, struct gt_helm_output *ret,
		 struct gt_err *err);

/* The documents of a text, in order: what stands between lines of "---". */
struct gt_value gt_helm_split(struct gt_arena *a, struct gt_str text);

#endif
