/* In place of libFuzzer: runs fuzz_board.c's target once on each file that is named. */
#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerRunDriver(int *count, char ***arguments, int (*target)(const uint8_t *, size_t));

int LLVMFuzzerRunDriver(int *count, char ***arguments, int (*target)(const uint8_t *, size_t))
{
    static uint8_t data[1u << 13];
    for (int i = 1; i < *count; ++i) {
        FILE *file = fopen((*arguments)[i], "rb");
        if (file == NULL) {
            return 1;
        }
        size_t size = fread(data, 1, sizeof data, file);
        (void)fclose(file);
        if (target(data, size) != 0) {
            return 1;
        }
    }
    (void)printf("%d replayed\n", *count - 1);
    return 0;
}
