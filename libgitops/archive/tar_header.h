/* The 512 bytes that both the writer and the reader of tar streams know.  Private. */
#ifndef GT_ARCHIVE_TAR_HEADER_H
#define GT_ARCHIVE_TAR_HEADER_H

#define TAR_BLOCK 512

struct tar_header {
	char name[100];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char mtime[12];
	char checksum[8];
	char type;
	char link[100];
	char magic[6]; /* "ustar\0", GNU writes "ustar " */
	char version[2];
	char uname[32];
	char gname[32];
	char devmajor[8];
	char devminor[8];
	char prefix[155];
	char pad[12]; /* ends in "tar\0" when written by star */
};

_Static_assert(sizeof(struct tar_header) == TAR_BLOCK, "a header is one block");

#endif
