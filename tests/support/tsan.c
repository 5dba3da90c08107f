/*
 * Linked into what is built with the thread sanitizer.  OpenSSL and libcurl are not: their atomic
 * reference counts go unseen, so that memory handed from one thread to another looks like a race.
 */
const char *__tsan_default_suppressions(void) __attribute__((visibility("default")));

const char *__tsan_default_suppressions(void)
{
	return "called_from_lib:libcrypto.so\n"
	       "called_from_lib:libssl.so\n"
	       "called_from_lib:libcurl.so\n";
}
