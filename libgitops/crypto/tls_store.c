/* The system's certificate authorities, one store for the process. */
#include "crypto/tls.h"

#include <dirent.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "base/alloc.h"

/* Where distributions keep all authorities in one file. */
static const char *const bundles[] = {
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
	"/etc/ssl/cert.pem",
};

static X509_STORE *store;

static bool is_hex8(const char *s)
{
	return strspn(s, "0123456789abcdef") == 8;
}

/* Whether the directory has the links "<hash>.0" by which OpenSSL finds an authority on demand. */
static bool is_hashed(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool found = false;

	while (dir && !found && (entry = readdir(dir)))
		found = is_hex8(entry->d_name) && gt_streq(entry->d_name + 8, ".0");
	if (dir)
		closedir(dir);
	return found;
}

static void load_store(void)
{
	bool told =
		getenv(X509_get_default_cert_file_env()) || getenv(X509_get_default_cert_dir_env());

	store = X509_STORE_new();
	if (!store)
		abort();
	/* Only looked up on demand, a hashed directory saves a mebibyte of parsed certificates. */
	X509_STORE_set_default_paths(store);
	if (!told && !is_hashed(X509_get_default_cert_dir())) {
		for (size_t i = 0; i < GT_COUNT(bundles); i++) {
			if (access(bundles[i], R_OK) == 0 &&
			    X509_STORE_load_file(store, bundles[i]) == 1)
				break;
		}
	}
	ERR_clear_error(); /* Absent files are no failure. */
}

void *gt_tls_system_store(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, load_store);
	return store;
}

void gt_tls_use_system_store(void *ssl_ctx)
{
	SSL_CTX_set1_cert_store(ssl_ctx, gt_tls_system_store());
}

void gt_tls_add_system_store(void *ssl_ctx)
{
	X509_STORE *from = gt_tls_system_store();
	X509_STORE *to = SSL_CTX_get_cert_store(ssl_ctx);
	X509_LOOKUP *dir = X509_STORE_add_lookup(to, X509_LOOKUP_hash_dir());

	if (dir)
		X509_LOOKUP_add_dir(dir, NULL, X509_FILETYPE_DEFAULT);
	X509_STORE_lock(from);
	STACK_OF(X509_OBJECT) *known = X509_STORE_get0_objects(from);
	for (int i = 0; i < sk_X509_OBJECT_num(known); i++) {
		X509 *cert = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(known, i));

		if (cert)
			X509_STORE_add_cert(to, cert);
	}
	X509_STORE_unlock(from);
	ERR_clear_error(); /* A certificate that is there already is no failure. */
}
