/*
 * Every limit on outside input, in one place.  docs/limits.md explains them to users.
 */
#ifndef GT_BASE_LIMITS_H
#define GT_BASE_LIMITS_H

#define GT_KIB(n) ((size_t)(n) << 10)
#define GT_MIB(n) ((size_t)(n) << 20)

/* Documents. */
#define GT_LIMIT_DEPTH 100           /* nesting of maps and lists */
#define GT_LIMIT_DOCUMENTS 100000    /* documents in one stream */
#define GT_LIMIT_FILE GT_MIB(64)     /* one manifest or source file read into memory */
#define GT_LIMIT_ALIAS_NODES 1000000 /* nodes made by expanding YAML aliases, per stream */
#define GT_LIMIT_DIR_DEPTH 256       /* nesting of directories in a walk */
#define GT_LIMIT_PATCH_OPS 10000     /* operations in a JSON patch */

/* A kustomize build. */
#define GT_LIMIT_KUSTOMIZE_FILES GT_MIB(256) /* bytes of all files read */
#define GT_LIMIT_KUSTOMIZE_DEPTH 64          /* bases below bases */
#define GT_LIMIT_KUSTOMIZE_WORK 150000000    /* steps: patches by objects and the like */
#define GT_LIMIT_KUSTOMIZE_LIST 4000         /* elements of a list that merges by several keys */

/* Charts and templates. */
#define GT_LIMIT_CHART_FILE GT_MIB(5) /* one file of a chart, as Helm */
#define GT_LIMIT_CHART GT_MIB(100)    /* all files of a chart, as Helm */
#define GT_LIMIT_CHART_FILES 100000
#define GT_LIMIT_CHART_DEPTH 16           /* charts within charts */
#define GT_LIMIT_TEMPLATE_STEPS 100000000 /* nodes and calls of one rendering */
#define GT_LIMIT_TEMPLATE_STACK GT_MIB(3) /* of templates that call templates */

/* Budgets. */
#define GT_BUDGET_RECONCILE GT_MIB(256) /* one reconcile; --reconcile-memory-budget */
#define GT_BUDGET_REQUEST GT_MIB(64)    /* one request to the embedded API server */

/* HTTP. */
#define GT_LIMIT_HTTP_HEADERS GT_KIB(64) /* request line and headers */
#define GT_LIMIT_HTTP_REDIRECTS 10
#define GT_LIMIT_API_BODY GT_MIB(3)       /* request body of the API server */
#define GT_LIMIT_API_RESPONSE GT_MIB(128) /* answer of an API server read into memory */
#define GT_LIMIT_API_EVENT GT_MIB(16)     /* one watch event */
#define GT_LIMIT_HOOK_BODY GT_MIB(3)      /* one event or webhook */
#define GT_LIMIT_HTTP_CONNECTIONS 20000   /* accepted at a time by one server */

/* Archives and Git. */
#define GT_LIMIT_TAR_ENTRIES 1000000
#define GT_LIMIT_TAR_NAME 4096
#define GT_LIMIT_TAR_TOTAL ((uint64_t)4 << 30) /* unpacked bytes; --artifact-max-size */
#define GT_LIMIT_GIT_PACK ((uint64_t)2 << 30)
#define GT_LIMIT_GIT_REFS 200000
#define GT_LIMIT_GIT_BLOB GT_MIB(256)
#define GT_LIMIT_GIT_TREE_DEPTH 256
#define GT_LIMIT_GIT_SUBMODULES 256 /* of one commit; nesting: GT_LIMIT_GIT_SUBMODULE_DEPTH */
#define GT_LIMIT_GIT_SUBMODULE_DEPTH 10
#define GT_LIMIT_IGNORE_LINE GT_KIB(64)
#define GT_LIMIT_IGNORE_PATTERNS 10000

#endif
