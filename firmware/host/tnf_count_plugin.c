/* A plugin of QEMU (TCG plugin API, versions 1 and 2): how often each instruction of a model is
 * executed between two tellings of its observer, how often a branch at the end of a block is not
 * taken, and how many lines of flash must be waited for.
 *
 *   arguments  begin=ADDRESS    the model's invoke
 *              told=ADDRESS     tnf_observe, which is called after each part of a layer; once for
 *                               each copy that the compiler has made
 *              flash=FROM-TO    addresses of flash
 *              line=BYTES       of flash, read at once
 *              code=LINES       that are kept, those used last: of instructions, at least 1
 *              data=LINES       the same of data
 *              out=FILE
 *
 * What it writes, numbers in decimal, addresses in hexadecimal:
 *
 *   begin                       an inference begins
 *   block NUMBER END ADDRESS ...    instructions that are executed one after another, and the
 *                               address behind them
 *   ran NUMBER TIMES FELL       in the part that ends: how often a block was executed and how often
 *                               the one behind it came next
 *   told CODE DATA              a part ends: lines that were not kept when they were used
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is used of qemu-plugin.h, which few systems have a package of. */
#ifndef TNF_PLUGIN_API
#define TNF_PLUGIN_API 1
#endif
#define PUBLIC __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;
typedef struct qemu_info_t qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { CB_NO_REGS = 0, MEM_RW = 3 };

extern void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
                                                  void (*translated)(qemu_plugin_id_t id,
                                                                     struct qemu_plugin_tb *tb));
extern void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
                                                 void (*executed)(unsigned int cpu, void *data),
                                                 int flags, void *data);
extern void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn,
                                             void (*accessed)(unsigned int cpu, uint32_t info,
                                                              uint64_t address, void *data),
                                             int flags, int access, void *data);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
extern bool qemu_plugin_mem_is_store(uint32_t info);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
extern size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);

extern PUBLIC int qemu_plugin_version;
extern PUBLIC int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int count,
                                      char **arguments);

PUBLIC int qemu_plugin_version = TNF_PLUGIN_API;

/* A translated block: executed from its first instruction to its last. */
typedef struct block {
    struct block *next;
    uint32_t number;
    bool known; /* its addresses have been written */
    uint64_t first;
    uint64_t end;
    uint64_t times;
    uint64_t fell;
    size_t size;
    uint64_t addresses[];
} block_t;

#define MOST_COPIES 8

static struct {
    uint64_t begin;
    uint64_t told[MOST_COPIES];
    size_t copies;
    uint64_t flash_from;
    uint64_t flash_to;
    uint64_t line;
    FILE *out;
} settings = {.line = 16};

static block_t *blocks;
static uint32_t block_count;
static block_t *previous;
static bool running;

/* Lines of flash that are at hand, the last used first. */
typedef struct store {
    uint64_t *lines;
    size_t size;
    size_t used;
    uint64_t misses;
} store_t;

static store_t code;
static store_t data_read;

static void forget(void)
{
    for (block_t *block = blocks; block != NULL; block = block->next) {
        block->times = 0;
        block->fell = 0;
    }
    code.misses = 0;
    data_read.misses = 0;
}

static void use(store_t *store, uint64_t line)
{
    size_t at = 0;
    while (at < store->used && store->lines[at] != line) {
        at++;
    }
    if (at == store->used) {
        store->misses++;
        store->used += store->used < store->size ? 1u : 0u;
        at = store->used - 1;
    }
    memmove(store->lines + 1, store->lines, at * sizeof store->lines[0]);
    store->lines[0] = line;
}

/* As much flash as an instruction or a value may reach into is looked at line by line. */
static void use_bytes(store_t *store, uint64_t from, uint64_t to)
{
    if (from >= settings.flash_from && from < settings.flash_to) {
        for (uint64_t line = from / settings.line; line <= (to - 1) / settings.line; line++) {
            use(store, line);
        }
    }
}

static void tell(void)
{
    for (block_t *block = blocks; block != NULL; block = block->next) {
        if (block->times == 0) {
            continue;
        }
        if (!block->known) {
            fprintf(settings.out, "block %" PRIu32 " %" PRIx64, block->number, block->end);
            for (size_t i = 0; i < block->size; i++) {
                fprintf(settings.out, " %" PRIx64, block->addresses[i]);
            }
            fprintf(settings.out, "\n");
            block->known = true;
        }
        fprintf(settings.out, "ran %" PRIu32 " %" PRIu64 " %" PRIu64 "\n", block->number,
                block->times, block->fell);
    }
    fprintf(settings.out, "told %" PRIu64 " %" PRIu64 "\n", code.misses, data_read.misses);
    fflush(settings.out);
}

static void executed(unsigned int cpu, void *data)
{
    block_t *block = data;
    (void)cpu;
    if (block->first == settings.begin) {
        forget();
        fprintf(settings.out, "begin\n");
        running = true;
        previous = NULL;
        code.used = 0;
        data_read.used = 0;
    }
    if (!running) {
        return;
    }
    if (previous != NULL && previous->end == block->first) {
        previous->fell++;
    }
    for (size_t i = 0; i < settings.copies; i++) {
        if (block->first == settings.told[i]) {
            tell();
            forget();
        }
    }
    block->times++;
    previous = block;
    use_bytes(&code, block->first, block->end);
}

/* Asked for reads alone, QEMU 7.2 tells of writes. */
static void accessed(unsigned int cpu, uint32_t info, uint64_t address, void *data)
{
    (void)cpu;
    (void)data;
    if (running && !qemu_plugin_mem_is_store(info)) {
        use_bytes(&data_read, address, address + 1);
    }
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    const size_t size = qemu_plugin_tb_n_insns(tb);
    block_t *block = calloc(1, sizeof *block + size * sizeof block->addresses[0]);
    (void)id;
    if (block == NULL || size == 0) {
        abort();
    }
    for (size_t i = 0; i < size; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        block->addresses[i] = qemu_plugin_insn_vaddr(insn);
        block->end = block->addresses[i] + qemu_plugin_insn_size(insn);
        qemu_plugin_register_vcpu_mem_cb(insn, accessed, CB_NO_REGS, MEM_RW, NULL);
    }
    block->first = block->addresses[0];
    block->size = size;
    block->number = block_count++;
    block->next = blocks;
    blocks = block;
    qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, CB_NO_REGS, block);
}

/* The text after `name=`; NULL where the argument is another one. */
static const char *value(const char *argument, const char *name)
{
    const size_t size = strlen(name);
    return strncmp(argument, name, size) == 0 && argument[size] == '=' ? argument + size + 1 : NULL;
}

PUBLIC int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int count,
                               char **arguments)
{
    (void)info;
    for (int i = 0; i < count; i++) {
        const char *text;
        char *rest;
        if ((text = value(arguments[i], "begin")) != NULL) {
            settings.begin = strtoull(text, NULL, 0);
        } else if ((text = value(arguments[i], "told")) != NULL && settings.copies < MOST_COPIES) {
            settings.told[settings.copies++] = strtoull(text, NULL, 0);
        } else if ((text = value(arguments[i], "flash")) != NULL) {
            settings.flash_from = strtoull(text, &rest, 0);
            settings.flash_to = *rest == '-' ? strtoull(rest + 1, NULL, 0) : 0;
        } else if ((text = value(arguments[i], "line")) != NULL) {
            settings.line = strtoull(text, NULL, 0);
        } else if ((text = value(arguments[i], "code")) != NULL) {
            code.size = (size_t)strtoull(text, NULL, 0);
        } else if ((text = value(arguments[i], "data")) != NULL) {
            data_read.size = (size_t)strtoull(text, NULL, 0);
        } else if ((text = value(arguments[i], "out")) != NULL) {
            settings.out = fopen(text, "w");
        }
    }
    if (settings.out == NULL || settings.line == 0 || code.size == 0 || data_read.size == 0) {
        return 1;
    }
    code.lines = calloc(code.size, sizeof code.lines[0]);
    data_read.lines = calloc(data_read.size, sizeof data_read.lines[0]);
    if (code.lines == NULL || data_read.lines == NULL) {
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
