/* A plugin of QEMU's user-mode emulation: how many instructions lie between two marks.
 *
 * A mark is the question whether file descriptor MARK is a terminal, which no program
 * asks by itself; at each one the instructions so far are written to standard error.
 * Blocks are counted when they begin, so that an exception within one counts it whole.
 *
 * The prototypes are those of qemu-plugin.h, which Debian does not package. One thread
 * alone is counted right.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define MARK 0x5EED5EEDu

struct qemu_plugin_tb;
typedef uint64_t plugin_id;
typedef void (*on_syscall)(plugin_id, unsigned vcpu, int64_t number, uint64_t, uint64_t,
                           uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id,
                                           void (*)(plugin_id, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *, void (*)(unsigned, void *),
                                          int flags, void *data);
void qemu_plugin_register_vcpu_syscall_cb(plugin_id, on_syscall);

int qemu_plugin_version = API_VERSION;

static uint64_t instructions;

static void add(unsigned vcpu, void *count) { instructions += (uintptr_t)count; }

static void translated(plugin_id id, struct qemu_plugin_tb *block)
{
    void *count = (void *)(uintptr_t)qemu_plugin_tb_n_insns(block);
    qemu_plugin_register_vcpu_tb_exec_cb(block, add, 0, count);
}

static void called(plugin_id id, unsigned vcpu, int64_t number, uint64_t first, uint64_t b,
                   uint64_t c, uint64_t d, uint64_t e, uint64_t f, uint64_t g, uint64_t h)
{
    if ((uint32_t)first == MARK)
        fprintf(stderr, "instructions so far: %llu\n", (unsigned long long)instructions);
}

int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_vcpu_syscall_cb(id, called);
    return 0;
}
