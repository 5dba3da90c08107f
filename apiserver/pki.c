#include "pki.h"

#include "base/enc.h"
#include "base/fs.h"
#include "base/limits.h"
#include "base/time.h"
#include "services.h"

#define YEAR_NS (GT_SECONDS(86400) * 365)

static int read_pem(int root, const char *name, struct gt_buf *out, struct gt_err *err)
{
	return gt_fs_read(root, name, GT_KIB(64), out, err);
}

static int load_ca(int root, struct gt_identity *ret, struct gt_err *err)
{
	gt_auto_buf cert = {0};
	gt_auto_buf key = {0};
	int rc = read_pem(root, "pki/ca.crt", &cert, err);

	if (rc == GT_OK)
		rc = read_pem(root, "pki/ca.key", &key, err);
	if (rc == GT_OK) {
		struct gt_identity id = {.cert_pem = gt_xstrdup(gt_buf_cstr(&cert))};
		gt_secret_set(&id.key_pem, gt_buf_str(&key));
		rc = gt_identity_check(&id, err);
		if (rc < 0)
			gt_identity_fini(&id);
		else
			*ret = id;
	}
	if (key.p)
		gt_wipe(key.p, key.n);
	return rc;
}

static int store_ca(int root, const struct gt_identity *ca, struct gt_err *err)
{
	int rc = gt_fs_mkdirs(root, "pki", 0700, err);

	if (rc == GT_OK)
		rc = gt_fs_write_atomic(root, "pki/ca.key", gt_secret_bytes(&ca->key_pem), 0600,
					true, err);
	/* The certificate last: without it the pair counts as not made. */
	if (rc == GT_OK)
		rc = gt_fs_write_atomic(root, "pki/ca.crt", gt_str(ca->cert_pem), 0600, true, err);
	return rc;
}

static int make_ca(struct gt_identity *ret, struct gt_err *err)
{
	struct gt_x509_request request = {.common_name = "gitops-apiserver-ca",
					  .lifetime_ns = 10 * YEAR_NS};

	return gt_x509_make_ca(&request, ret, err);
}

static int need_ca(const char *dir, struct gt_identity *ret, struct gt_err *err)
{
	gt_autoclose int root = -1;
	int rc;

	if (!dir)
		return make_ca(ret, err);
	rc = gt_fs_open_root(dir, &root, err);
	if (rc < 0)
		return rc;
	if (gt_fs_is_file(root, "pki/ca.crt"))
		return load_ca(root, ret, err);
	rc = make_ca(ret, err);
	return rc == GT_OK ? store_ca(root, ret, err) : rc;
}

int as_pki_init(struct as_pki *pki, const char *dir, const char *address, struct gt_err *err)
{
	static const char *const names[] = {
		"localhost",
		"kubernetes",
		"kubernetes.default",
		"kubernetes.default.svc",
		"kubernetes.default.svc.cluster.local",
		NULL,
	};
	static const char *const masters[] = {"system:masters", NULL};
	const char *ips[] = {"127.0.0.1", "::1", AS_SERVICE_FIRST_IP, NULL, NULL};
	struct gt_x509_request server = {
		.common_name = "gitops-apiserver",
		.dns_names = names,
		.ip_addresses = ips,
		.lifetime_ns = YEAR_NS,
		.server = true,
	};
	struct gt_x509_request admin = {
		.common_name = "kubernetes-admin",
		.organizations = masters,
		.lifetime_ns = YEAR_NS,
		.client = true,
	};
	int rc;

	*pki = (struct as_pki){0};
	if (address && !gt_streq(address, "127.0.0.1") && !gt_streq(address, "::1"))
		ips[3] = address;
	rc = need_ca(dir, &pki->ca, err);
	if (rc == GT_OK)
		rc = gt_x509_issue(&pki->ca, &server, &pki->server, err);
	if (rc == GT_OK)
		rc = gt_x509_issue(&pki->ca, &admin, &pki->admin, err);
	if (rc < 0)
		as_pki_fini(pki);
	return rc;
}

void as_pki_fini(struct as_pki *pki)
{
	gt_identity_fini(&pki->ca);
	gt_identity_fini(&pki->server);
	gt_identity_fini(&pki->admin);
}

static void add_data(struct gt_buf *out, const char *key, struct gt_str pem)
{
	gt_buf_printf(out, "    %s: ", key);
	gt_base64_encode(out, pem);
	gt_buf_addc(out, '\n');
}

int as_kubeconfig_write(const struct as_pki *pki, const char *url, const char *path,
			struct gt_err *err)
{
	struct gt_str dir = gt_path_dir(gt_str(path)), base = gt_path_base(gt_str(path));
	char *folder = gt_xstrndup(dir.p, dir.n), *name = gt_xstrndup(base.p, base.n);
	gt_autoclose int root = -1;
	gt_auto_buf out = {0};
	int rc;

	gt_buf_adds(&out, "apiVersion: v1\nkind: Config\nclusters:\n- name: gitops\n  cluster:\n");
	gt_buf_printf(&out, "    server: %s\n", url);
	add_data(&out, "certificate-authority-data", gt_str(pki->ca.cert_pem));
	gt_buf_adds(&out, "users:\n- name: kubernetes-admin\n  user:\n");
	add_data(&out, "client-certificate-data", gt_str(pki->admin.cert_pem));
	add_data(&out, "client-key-data", gt_secret_bytes(&pki->admin.key_pem));
	gt_buf_adds(&out, "contexts:\n- name: gitops\n  context:\n    cluster: gitops\n"
			  "    user: kubernetes-admin\n    namespace: default\n"
			  "current-context: gitops\n");
	rc = gt_fs_open_root(folder, &root, err);
	if (rc == GT_OK)
		rc = gt_fs_write_atomic(root, name, gt_buf_str(&out), 0600, false, err);
	if (out.p)
		gt_wipe(out.p, out.n);
	free(folder);
	free(name);
	return rc < 0 ? gt_wrap(err, "write %s", path) : GT_OK;
}
