#include "base/rand.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

void gt_rand_bytes(void *p, size_t n)
{
	char *at = p;

	while (n > 0) {
		ssize_t got = getrandom(at, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			abort(); /* A kernel without random numbers is no place for TLS. */
		at += got;
		n -= (size_t)got;
	}
}

double gt_rand_unit(void)
{
	uint64_t bits;

	gt_rand_bytes(&bits, sizeof bits);
	return (double)(bits >> 11) * 0x1p-53;
}

uint32_t gt_rand_below(uint32_t n)
{
	/* Values below 2^32 mod n would make the small results likelier; they are drawn again. */
	uint32_t skip = n > 1 ? -n % n : 0;
	uint32_t x;

	if (n <= 1)
		return 0;
	do
		gt_rand_bytes(&x, sizeof x);
	while (x < skip);
	return x % n;
}

const char *gt_uuid4(char text[GT_UUID_TEXT])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char b[16];
	char *at = text;

	gt_rand_bytes(b, sizeof b);
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	for (size_t i = 0; i < sizeof b; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*at++ = '-';
		*at++ = digits[b[i] >> 4];
		*at++ = digits[b[i] & 0x0f];
	}
	*at = '\0';
	return text;
}

void gt_rand_text(char *text, size_t n, const char *alphabet)
{
	uint32_t letters = (uint32_t)strlen(alphabet);

	for (size_t i = 0; i < n; i++)
		text[i] = alphabet[gt_rand_below(letters)];
	text[n] = '\0';
}
