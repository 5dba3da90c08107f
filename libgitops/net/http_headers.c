/* From a gt_http_req to what goes on the wire: the target and the list of headers. */
#include "base/alloc.h"
#include "base/enc.h"
#include "net/http_priv.h"

static bool is_token(struct gt_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= 0x20 || c >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", c))
			return false;
	}
	return s.n > 0;
}

static bool is_value(struct gt_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\r' || s.p[i] == '\n' || s.p[i] == 0)
			return false;
	}
	return true;
}

bool gt_http__idempotent(const char *method)
{
	static const char *const names[] = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"};

	for (size_t i = 0; i < GT_COUNT(names); i++) {
		if (gt_streq(names[i], method))
			return true;
	}
	return false;
}

int gt_http__parse_target(const struct gt_http_req *req, struct gt_url *ret_url, struct gt_err *err)
{
	gt_auto_url url = {0};

	if (req->method && !is_token(gt_str(req->method)))
		return gt_fail(err, GT_E_INVALID, "malformed HTTP method");
	if (gt_url_parse(gt_str(req->url), &url, err) < 0)
		return err ? (int)err->code : GT_E_INVALID;
	if (!gt_streq(url.scheme, "http") && !gt_streq(url.scheme, "https"))
		return gt_fail(err, GT_E_INVALID, "URL scheme '%s' is neither http nor https",
			       url.scheme);
	*ret_url = url;
	url = (struct gt_url){0};
	return GT_OK;
}

struct list {
	struct curl_slist *head;
};

static void list_free(struct list *list)
{
	gt_http__headers_free(list->head);
}

static void add(struct list *list, const char *line)
{
	struct curl_slist *longer = curl_slist_append(list->head, line);

	if (!longer)
		abort();
	list->head = longer;
}

/* curl's form of a header: "Name: value", or "Name;" for an empty value. */
static int add_field(struct list *list, struct gt_str name, struct gt_str value, struct gt_err *err)
{
	gt_auto_buf line = {0};

	if (!is_token(name))
		return gt_fail(err, GT_E_INVALID, "malformed HTTP header name");
	if (!is_value(value))
		return gt_fail(err, GT_E_INVALID, "malformed value of HTTP header %.*s",
			       GT_STR_ARG(name));
	gt_buf_add_str(&line, name);
	if (value.n > 0) {
		gt_buf_adds(&line, ": ");
		gt_buf_add_str(&line, value);
	} else {
		gt_buf_addc(&line, ';');
	}
	add(list, gt_buf_cstr(&line));
	gt_wipe(line.p, line.n);
	return GT_OK;
}

/* Headers that must not follow a redirect to another origin. */
static bool is_credential(struct gt_str name)
{
	static const char *const names[] = {"Authorization", "Cookie", "Proxy-Authorization",
					    "PRIVATE-TOKEN", "X-Registry-Auth"};

	for (size_t i = 0; i < GT_COUNT(names); i++) {
		if (gt_str_ieq(name, gt_str(names[i])))
			return true;
	}
	return false;
}

struct given {
	bool authorization, content_type, host;
};

static int add_given(struct list *list, const struct gt_http_req *req, bool with_auth,
		     struct given *given, struct gt_err *err)
{
	for (size_t i = 0; i < req->n_headers; i++) {
		struct gt_str line = gt_str(req->headers[i]);
		size_t colon = gt_str_find(line, ':');
		struct gt_str name = gt_str_sub(line, 0, colon == SIZE_MAX ? line.n : colon);
		struct gt_str value = gt_str_trim(gt_str_from(line, name.n + 1));

		if (colon == SIZE_MAX)
			return gt_fail(err, GT_E_INVALID, "HTTP header without a colon");
		given->authorization |= gt_str_ieq(name, GT_STR_LIT("Authorization"));
		given->content_type |= gt_str_ieq(name, GT_STR_LIT("Content-Type"));
		given->host |= gt_str_ieq(name, GT_STR_LIT("Host"));
		if (!with_auth && is_credential(name))
			continue;
		int rc = add_field(list, name, value, err);
		if (rc < 0)
			return rc;
	}
	return GT_OK;
}

static int add_basic(struct list *list, const char *user, const struct gt_secret *password,
		     struct gt_err *err)
{
	gt_auto_buf pair = {0};
	gt_auto_buf value = {0};

	gt_buf_adds(&pair, user);
	gt_buf_addc(&pair, ':');
	if (password)
		gt_buf_add_str(&pair, gt_secret_bytes(password));
	gt_buf_adds(&value, "Basic ");
	gt_base64_encode(&value, gt_buf_str(&pair));
	int rc = add_field(list, GT_STR_LIT("Authorization"), gt_buf_str(&value), err);
	gt_wipe(pair.p, pair.n);
	gt_wipe(value.p, value.n);
	return rc;
}

static int add_credentials(struct list *list, struct gt_http_client *client,
			   const struct gt_http_req *req, const struct gt_url *url,
			   struct gt_err *err)
{
	struct gt_secret value = {0};
	int rc = GT_OK;

	if (req->authorization && gt_secret_is_set(req->authorization))
		return add_field(list, GT_STR_LIT("Authorization"),
				 gt_secret_bytes(req->authorization), err);
	if (req->basic_user)
		return add_basic(list, req->basic_user, req->basic_password, err);
	if (url->user)
		return add_basic(list, url->user, &url->password, err);
	if (client->authorize)
		client->authorize(client->authorize_arg, &value);
	if (gt_secret_is_set(&value))
		rc = add_field(list, GT_STR_LIT("Authorization"), gt_secret_bytes(&value), err);
	gt_secret_fini(&value);
	return rc;
}

int gt_http__headers(struct gt_http_client *client, const struct gt_http_req *req,
		     const struct gt_url *url, bool with_auth, struct curl_slist **ret_list,
		     struct gt_err *err)
{
	gt_cleanup(list_free) struct list list = {0};
	struct given given = {0};
	int rc = add_given(&list, req, with_auth, &given, err);

	if (rc == GT_OK && with_auth && !given.authorization)
		rc = add_credentials(&list, client, req, url, err);
	if (rc == GT_OK && client->server_name && !given.host) {
		gt_auto_buf host = {0};

		gt_url_host(url, &host);
		rc = add_field(&list, GT_STR_LIT("Host"), gt_buf_str(&host), err);
	}
	if (rc < 0)
		return rc;
	/* A header with nothing after the colon takes curl's own away. */
	if (!given.content_type)
		add(&list, "Content-Type:");
	add(&list, "Expect:");
	*ret_list = gt_steal(list.head);
	return GT_OK;
}

void gt_http__headers_free(struct curl_slist *list)
{
	for (struct curl_slist *it = list; it; it = it->next)
		gt_wipe(it->data, strlen(it->data));
	curl_slist_free_all(list);
}
