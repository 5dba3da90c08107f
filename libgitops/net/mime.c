#include "net/mime.h"

#include "base/alloc.h"

static const struct {
	const char *ext, *type;
} extensions[] = {
	{".avif", "image/avif"},
	{".css", "text/css; charset=utf-8"},
	{".gif", "image/gif"},
	{".htm", "text/html; charset=utf-8"},
	{".html", "text/html; charset=utf-8"},
	{".jpeg", "image/jpeg"},
	{".jpg", "image/jpeg"},
	{".js", "text/javascript; charset=utf-8"},
	{".json", "application/json"},
	{".mjs", "text/javascript; charset=utf-8"},
	{".pdf", "application/pdf"},
	{".png", "image/png"},
	{".svg", "image/svg+xml"},
	{".wasm", "application/wasm"},
	{".webp", "image/webp"},
	{".xml", "text/xml; charset=utf-8"},
};

const char *gt_mime_by_name(struct gt_str name)
{
	size_t dot = gt_str_rfind(name, '.');

	if (dot == SIZE_MAX)
		return NULL;
	for (size_t i = 0; i < GT_COUNT(extensions); i++) {
		if (gt_str_ieq(gt_str_from(name, dot), gt_str(extensions[i].ext)))
			return extensions[i].type;
	}
	return NULL;
}

/* Tags that make a text HTML, after white space, in any case, and ended by ' ' or '>'. */
static const char *const tags[] = {
	"<!DOCTYPE HTML", "<HTML", "<HEAD",  "<SCRIPT", "<IFRAME", "<H1",   "<DIV", "<FONT",
	"<TABLE",         "<A",    "<STYLE", "<TITLE",  "<B",      "<BODY", "<BR",  "<P",
	"<!--",
};

/* Marks at the start. */
static const struct {
	const char *mark;
	size_t n;
	const char *type;
} marks[] = {
#define MARK(bytes, type)                      \
	{                                      \
		bytes, sizeof(bytes) - 1, type \
	}
	MARK("%PDF-", "application/pdf"),
	MARK("%!PS-Adobe-", "application/postscript"),
	MARK("\xfe\xff", "text/plain; charset=utf-16be"),
	MARK("\xff\xfe", "text/plain; charset=utf-16le"),
	MARK("\xef\xbb\xbf", "text/plain; charset=utf-8"),
	MARK("\0\0\1\0", "image/x-icon"),
	MARK("\0\0\2\0", "image/x-icon"),
	MARK("BM", "image/bmp"),
	MARK("GIF87a", "image/gif"),
	MARK("GIF89a", "image/gif"),
	MARK("\x89PNG\r\n\x1a\n", "image/png"),
	MARK("\xff\xd8\xff", "image/jpeg"),
	MARK("ID3", "audio/mpeg"),
	MARK("OggS\0", "application/ogg"),
	MARK("MThd\0\0\0\6", "audio/midi"),
	MARK("\x1a\x45\xdf\xa3", "video/webm"),
	MARK("\0\1\0\0", "font/ttf"),
	MARK("OTTO", "font/otf"),
	MARK("ttcf", "font/collection"),
	MARK("wOFF", "font/woff"),
	MARK("wOF2", "font/woff2"),
	MARK("\x1f\x8b\x08", "application/x-gzip"),
	MARK("PK\3\4", "application/zip"),
	MARK("Rar!\x1a\7\0", "application/x-rar-compressed"),
	MARK("Rar!\x1a\7\1\0", "application/x-rar-compressed"),
	MARK("\0asm", "application/wasm"),
#undef MARK
};

/* Containers: four bytes, a length that does not matter, and what is inside. */
static const struct {
	const char *outer, *inner, *type;
} containers[] = {
	{"RIFF", "WEBPVP", "image/webp"},
	{"RIFF", "AVI ", "video/avi"},
	{"RIFF", "WAVE", "audio/wave"},
	{"FORM", "AIFF", "audio/aiff"},
};

static bool is_html(struct gt_str text)
{
	for (size_t i = 0; i < GT_COUNT(tags); i++) {
		size_t n = strlen(tags[i]);

		if (text.n > n && gt_str_ieq(gt_str_sub(text, 0, n), gt_str(tags[i])) &&
		    (text.p[n] == ' ' || text.p[n] == '>'))
			return true;
	}
	return false;
}

static const char *by_mark(struct gt_str bytes)
{
	for (size_t i = 0; i < GT_COUNT(marks); i++) {
		if (bytes.n >= marks[i].n && memcmp(bytes.p, marks[i].mark, marks[i].n) == 0)
			return marks[i].type;
	}
	for (size_t i = 0; i < GT_COUNT(containers); i++) {
		if (gt_str_starts(bytes, containers[i].outer) &&
		    gt_str_starts(gt_str_from(bytes, 8), containers[i].inner))
			return containers[i].type;
	}
	return NULL;
}

/* An ISO media file names "mp4..." among its brands. */
static bool is_mp4(struct gt_str bytes)
{
	const unsigned char *p = (const unsigned char *)bytes.p;

	if (bytes.n < 12)
		return false;
	size_t box = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
	if (box % 4 != 0 || bytes.n < box || memcmp(p + 4, "ftyp", 4) != 0)
		return false;
	for (size_t i = 8; i + 3 <= box; i += 4) {
		if (i != 12 && memcmp(p + i, "mp4", 3) == 0)
			return true;
	}
	return false;
}

static bool is_text(struct gt_str text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c <= 0x08 || c == 0x0b || (c >= 0x0e && c <= 0x1a) || (c >= 0x1c && c <= 0x1f))
			return false;
	}
	return true;
}

const char *gt_mime_sniff(struct gt_str bytes)
{
	size_t blank = 0;

	if (bytes.n > GT_MIME_LOOK)
		bytes.n = GT_MIME_LOOK;
	while (blank < bytes.n && memchr("\t\n\f\r ", bytes.p[blank], 5))
		blank++;
	struct gt_str text = gt_str_from(bytes, blank);
	if (is_html(text))
		return "text/html; charset=utf-8";
	if (gt_str_starts(text, "<?xml"))
		return "text/xml; charset=utf-8";
	const char *type = by_mark(bytes);
	if (type)
		return type;
	if (is_mp4(bytes))
		return "video/mp4";
	return is_text(text) ? "text/plain; charset=utf-8" : "application/octet-stream";
}
