/* Keys, certificates, password hashes. */
#include <arpa/inet.h>
#include <string.h>

#include "base/enc.h"
#include "crypto/hmac.h"
#include "crypto/pki.h"
#include "text/sprig/sprig_impl.h"

/* --- password hashes ---------------------------------------------------------------------- */

static int bcrypt_text(struct gt_tmpl_call *c, struct gt_str password, const char **ret)
{
	char text[64];
	struct gt_err err;
	int rc = gt_tmpl_charge(c, 1000000); /* it is meant to be slow */

	if (rc < 0)
		return rc;
	*ret = gt_bcrypt(password, text, &err) < 0
		       ? gt_arena_printf(c->a, "failed to encrypt string with bcrypt: %s", err.text)
		       : gt_arena_strdup(c->a, text);
	return *ret ? GT_OK : GT_E_BUDGET;
}

static int fn_bcrypt(struct gt_tmpl_call *c)
{
	const char *text = "";
	int rc = bcrypt_text(c, c->arg[0].s, &text);

	return rc < 0 ? rc : sprig__str(c, gt_str(text));
}

static int fn_htpasswd(struct gt_tmpl_call *c)
{
	struct gt_str user = c->arg[0].s;
	const char *text = "";
	int rc;

	if (gt_str_find(user, ':') != SIZE_MAX)
		return sprig__str(c, gt_str(gt_arena_printf(c->a, "invalid username: %.*s",
							    GT_STR_ARG(user))));
	rc = bcrypt_text(c, c->arg[1].s, &text);
	if (rc < 0)
		return rc;
	return sprig__str(c, gt_str(gt_arena_printf(c->a, "%.*s:%s", GT_STR_ARG(user), text)));
}

/* --- the Master Password algorithm, version 0 ---------------------------------------------- */

static const struct {
	const char *type, *templates;
} password_types[] = {
	{"maximum", "anoxxxxxxxxxxxxxxxxx axxxxxxxxxxxxxxxxxno"},
	{"long", "CvcvnoCvcvCvcv CvcvCvcvnoCvcv CvcvCvcvCvcvno CvccnoCvcvCvcv CvccCvcvnoCvcv "
		 "CvccCvcvCvcvno CvcvnoCvccCvcv CvcvCvccnoCvcv CvcvCvccCvcvno CvcvnoCvcvCvcc "
		 "CvcvCvcvnoCvcc CvcvCvcvCvccno CvccnoCvccCvcv CvccCvccnoCvcv CvccCvccCvcvno "
		 "CvcvnoCvccCvcc CvcvCvccnoCvcc CvcvCvccCvccno CvccnoCvcvCvcc CvccCvcvnoCvcc "
		 "CvccCvcvCvccno"},
	{"medium", "CvcnoCvc CvcCvcno"},
	{"short", "Cvcn"},
	{"basic", "aaanaaan aannaaan aaannaaa"},
	{"pin", "nnnn"},
};

static const char *password_class(char c)
{
	switch (c) {
	case 'V': return "AEIOU";
	case 'C': return "BCDFGHJKLMNPQRSTVWXYZ";
	case 'v': return "aeiou";
	case 'c': return "bcdfghjklmnpqrstvwxyz";
	case 'A': return "AEIOUBCDFGHJKLMNPQRSTVWXYZ";
	case 'a': return "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";
	case 'n': return "0123456789";
	case 'o': return "@&%?,=[]_:-+*$#!'^~;()/.";
	default:
		return "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789"
		       "!@#$%^&*()";
	}
}

static void put_be32(struct gt_buf *out, uint64_t n)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		gt_buf_addc(out, (char)(n >> shift));
}

static struct gt_str nth_template(const char *templates, unsigned char seed)
{
	struct gt_split it = {.rest = gt_str(templates)};
	struct gt_str one = {0};
	unsigned n = 1;

	for (const char *p = templates; *p; p++)
		n += *p == ' ';
	for (unsigned i = 0; i <= seed % n; i++)
		gt_split_next(&it, ' ', &one);
	return one;
}

static int fn_derive_password(struct gt_tmpl_call *c)
{
	static const char scope[] = "com.lyndir.masterpassword";
	struct gt_str user = c->arg[3].s, site = c->arg[4].s;
	const char *templates = NULL;
	unsigned char key[64];
	gt_auto_buf salt = {0}, message = {0}, out = {0};
	struct gt_err err;
	int rc = gt_tmpl_charge(c, 1000000);

	for (size_t i = 0; i < GT_COUNT(password_types); i++) {
		if (gt_str_is(c->arg[1].s, password_types[i].type))
			templates = password_types[i].templates;
	}
	if (rc < 0)
		return rc;
	if (!templates)
		return sprig__str(c,
				  gt_str(gt_arena_printf(c->a, "cannot find password template %.*s",
							 GT_STR_ARG(c->arg[1].s))));
	gt_buf_adds(&salt, scope);
	put_be32(&salt, user.n);
	gt_buf_add_str(&salt, user);
	if (gt_scrypt(c->arg[2].s, gt_buf_str(&salt), 32768, 8, 2, key, sizeof key, &err) < 0)
		return gt_tmpl_throw(c, "failed to derive password: %s", err.text);
	gt_buf_adds(&message, scope);
	put_be32(&message, site.n);
	gt_buf_add_str(&message, site);
	put_be32(&message, c->arg[0].u);
	struct gt_digest seed =
		gt_hmac(GT_SHA256, gt_strn((const char *)key, sizeof key), gt_buf_str(&message));
	struct gt_str template = nth_template(templates, seed.bytes[0]);
	for (size_t i = 0; i < template.n; i++) {
		const char *chars = password_class(template.p[i]);

		gt_buf_addc(&out, chars[seed.bytes[i + 1] % strlen(chars)]);
	}
	return gt_tmpl_return_buf(c, &out);
}

/* --- keys and certificates ---------------------------------------------------------------- */

static int fn_gen_private_key(struct gt_tmpl_call *c)
{
	static const struct {
		const char *name;
		enum gt_key_kind kind;
	} kinds[] = {{"", GT_KEY_RSA_4096},
		     {"rsa", GT_KEY_RSA_4096},
		     {"dsa", GT_KEY_DSA},
		     {"ecdsa", GT_KEY_ECDSA},
		     {"ed25519", GT_KEY_ED25519}};
	gt_auto_buf out = {0};
	struct gt_err err;
	int rc = gt_tmpl_charge(c, 1000000);

	for (size_t i = 0; rc == GT_OK && i < GT_COUNT(kinds); i++) {
		if (!gt_str_is(c->arg[0].s, kinds[i].name))
			continue;
		if (gt_pki_key(kinds[i].kind, &out, &err) < 0)
			return gt_tmpl_throw(c, "%s", err.text);
		return gt_tmpl_return_buf(c, &out);
	}
	if (rc < 0)
		return rc;
	return sprig__str(
		c, gt_str(gt_arena_printf(c->a, "Unknown type %.*s", GT_STR_ARG(c->arg[0].s))));
}

struct certificate {
	struct gt_vobj obj;
	struct gt_str cert, key;
};

static const struct gt_vclass certificate_class;

static int ret_certificate(struct gt_tmpl_call *c, struct gt_str cert, struct gt_str key)
{
	struct certificate *x = gt_arena_new(c->a, struct certificate);

	if (!x)
		return GT_E_BUDGET;
	x->obj.cls = &certificate_class;
	x->cert = gt_arena_str(c->a, cert);
	x->key = gt_arena_str(c->a, key);
	c->ret = gt_vobj(&x->obj);
	return GT_OK;
}

static bool certificate_field(struct gt_arena *a, struct gt_vobj *obj, struct gt_str name,
			      struct gt_value *ret)
{
	struct certificate *x = (struct certificate *)obj;

	(void)a;
	if (gt_str_is(name, "Cert"))
		*ret = gt_vstr(x->cert);
	else if (gt_str_is(name, "Key"))
		*ret = gt_vstr(x->key);
	else
		return false;
	return true;
}

static void certificate_print(struct gt_buf *out, const struct gt_vobj *obj)
{
	const struct certificate *x = (const struct certificate *)obj;

	gt_buf_addc(out, '{');
	gt_buf_add_str(out, x->cert);
	gt_buf_addc(out, ' ');
	gt_buf_add_str(out, x->key);
	gt_buf_addc(out, '}');
}

static struct gt_value certificate_plain(struct gt_arena *a, const struct gt_vobj *obj)
{
	const struct certificate *x = (const struct certificate *)obj;
	struct gt_value map = gt_vmap_new(a, GT_V_MAP);

	gt_vmap_put(a, map, "Cert", gt_vstr(x->cert));
	gt_vmap_put(a, map, "Key", gt_vstr(x->key));
	return map;
}

static const struct gt_vclass certificate_class = {
	.type = "sprig.certificate",
	.field = certificate_field,
	.print = certificate_print,
	.plain = certificate_plain,
};

static int names_of(struct gt_tmpl_call *c, struct gt_value list, bool ips, const char *const **ret)
{
	const char **names = gt_arena_calloc(c->a, gt_vlist_n(list) + 1, sizeof *names);
	unsigned char parsed[16];

	if (!names)
		return GT_E_BUDGET;
	for (uint32_t i = 0; i < gt_vlist_n(list); i++) {
		struct gt_value v = list.list->v[i];
		struct gt_str text = gt_value_str(c->a, v);

		if (v.kind != GT_V_STR)
			return gt_tmpl_throw(c, "%s: %.*s is not a string",
					     ips ? "error parsing ip"
						 : "error processing alternate dns name",
					     GT_STR_ARG(text));
		names[i] = gt_arena_strndup(c->a, text.p ? text.p : "", text.n);
		if (!names[i])
			return GT_E_BUDGET;
		if (ips && inet_pton(AF_INET, names[i], parsed) != 1 &&
		    inet_pton(AF_INET6, names[i], parsed) != 1)
			return gt_tmpl_throw(c, "error parsing ip: %s", names[i]);
	}
	*ret = names;
	return GT_OK;
}

static int make_certificate(struct gt_tmpl_call *c, const struct gt_pki_request *request)
{
	gt_auto_buf cert = {0}, key = {0};
	struct gt_err err;
	int rc = gt_tmpl_charge(c, 1000000);

	if (rc < 0)
		return rc;
	if (request->key_pem.n && !gt_pki_is_key(request->key_pem))
		return gt_tmpl_throw(c, "error parsing private key: no PEM data in input");
	if (gt_pki_certificate(request, &cert, &key, &err) < 0)
		return gt_tmpl_throw(c, "%s", err.text);
	return ret_certificate(c, gt_buf_str(&cert),
			       request->key_pem.n ? request->key_pem : gt_buf_str(&key));
}

static int fn_gen_ca(struct gt_tmpl_call *c)
{
	struct gt_pki_request request = {
		.common_name = c->arg[0].s, .days = c->arg[1].i, .is_ca = true};

	if (c->n > 2)
		request.key_pem = c->arg[2].s;
	return make_certificate(c, &request);
}

static int leaf(struct gt_tmpl_call *c, struct gt_pki_request *request)
{
	int rc = names_of(c, c->arg[1], true, &request->ip_addresses);

	request->common_name = c->arg[0].s;
	request->days = c->arg[3].i;
	if (rc == GT_OK)
		rc = names_of(c, c->arg[2], false, &request->dns_names);
	return rc < 0 ? rc : make_certificate(c, request);
}

static int fn_gen_self_signed(struct gt_tmpl_call *c)
{
	struct gt_pki_request request = {0};

	if (c->n > 4)
		request.key_pem = c->arg[4].s;
	return leaf(c, &request);
}

static int fn_gen_signed(struct gt_tmpl_call *c)
{
	struct certificate *ca = (struct certificate *)c->arg[4].obj;
	struct gt_pki_request request = {.ca_cert_pem = ca->cert, .ca_key_pem = ca->key};

	if (ca->cert.n == 0)
		return gt_tmpl_throw(c, "unable to decode certificate");
	if (c->n > 5)
		request.key_pem = c->arg[5].s;
	return leaf(c, &request);
}

static int fn_build_custom_cert(struct gt_tmpl_call *c)
{
	gt_auto_buf cert = {0}, key = {0};

	if (!gt_base64_decode(&cert, c->arg[0].s))
		return gt_tmpl_throw(c, "unable to decode base64 certificate");
	if (!gt_base64_decode(&key, c->arg[1].s))
		return gt_tmpl_throw(c, "unable to decode base64 private key");
	if (gt_str_search(gt_buf_str(&cert), GT_STR_LIT("-----BEGIN ")) == SIZE_MAX)
		return gt_tmpl_throw(c, "unable to decode certificate");
	if (!gt_pki_is_certificate(gt_buf_str(&cert)))
		return gt_tmpl_throw(c, "error parsing certificate: decodedCert.Bytes: x509: "
					"malformed certificate");
	if (gt_str_search(gt_buf_str(&key), GT_STR_LIT("-----BEGIN ")) == SIZE_MAX)
		return gt_tmpl_throw(c, "error parsing private key: no PEM data in input");
	if (!gt_pki_is_key(gt_buf_str(&key)))
		return gt_tmpl_throw(c, "error parsing private key: malformed key");
	return ret_certificate(c, gt_buf_str(&cert), gt_buf_str(&key));
}

/* --- AES ---------------------------------------------------------------------------------- */

static void aes_key(struct gt_str password, unsigned char key[32])
{
	memset(key, 0, 32);
	memcpy(key, password.p ? password.p : "", password.n < 32 ? password.n : 32);
}

static int fn_encrypt_aes(struct gt_tmpl_call *c)
{
	unsigned char key[32];
	gt_auto_buf bytes = {0}, out = {0};
	struct gt_err err;

	if (c->arg[1].s.n == 0)
		return sprig__str(c, GT_STR_LIT(""));
	aes_key(c->arg[0].s, key);
	if (gt_aes_cbc_encrypt(key, c->arg[1].s, &bytes, &err) < 0)
		return gt_tmpl_throw(c, "%s", err.text);
	gt_base64_encode(&out, gt_buf_str(&bytes));
	return gt_tmpl_return_buf(c, &out);
}

static int fn_decrypt_aes(struct gt_tmpl_call *c)
{
	unsigned char key[32];
	gt_auto_buf bytes = {0}, out = {0};
	struct gt_err err;

	if (c->arg[1].s.n == 0)
		return sprig__str(c, GT_STR_LIT(""));
	size_t fault = sprig__base64(c->a, c->arg[1].s, &bytes);
	if (fault != SIZE_MAX)
		return gt_tmpl_throw(c, "illegal base64 data at input byte %zu", fault);
	if (bytes.n < 16)
		return gt_tmpl_throw(c,
				     "runtime error: slice bounds out of range [:16] with capacity "
				     "%zu",
				     (c->arg[1].s.n + 3) / 4 * 3);
	aes_key(c->arg[0].s, key);
	if (gt_aes_cbc_decrypt(key, gt_buf_str(&bytes), &out, &err) < 0)
		return gt_tmpl_throw(c, "%s", err.text);
	return gt_tmpl_return_buf(c, &out);
}

const struct gt_tmpl_func gt_sprig_crypto[] = {
	{"bcrypt", "s", fn_bcrypt},
	{"buildCustomCert", "ss", fn_build_custom_cert},
	{"decryptAES", "ss", fn_decrypt_aes},
	{"derivePassword", "ussss", fn_derive_password},
	{"encryptAES", "ss", fn_encrypt_aes},
	{"genCA", "si", fn_gen_ca},
	{"genCAWithKey", "sis", fn_gen_ca},
	{"genPrivateKey", "s", fn_gen_private_key},
	{"genSelfSignedCert", "slli", fn_gen_self_signed},
	{"genSelfSignedCertWithKey", "sllis", fn_gen_self_signed},
	{"genSignedCert", "slliC", fn_gen_signed},
	{"genSignedCertWithKey", "slliCs", fn_gen_signed},
	{"htpasswd", "ss", fn_htpasswd},
	{0},
};
