#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# test-exports.sh MODULE - what the built module shows and how it is linked: three names, everything
# bound and read-only after loading, no executable stack, never unmapped, no code at load or exit
# but the compiler's own; built with stack protector, checked libc calls and, on x86-64, for shadow
# stacks and branch tracking.
set -eu

for tool in nm readelf objdump; do
    command -v "$tool" >/dev/null || { echo "$tool is missing"; exit 77; }
done
module=$1
status=0

fault() {
    echo "$module: $*"
    status=1
}

names=$(nm -D --defined-only "$module" | awk '{ print $2 " " $3 }' | sort | tr '\n' ';')
[ "$names" = 'T C_GetFunctionList;T C_GetInterface;T C_GetInterfaceList;' ] ||
    fault "exports: $names"

dynamic=$(readelf -dW "$module")
segments=$(readelf -lW "$module")
echo "$dynamic" | grep -q 'FLAGS_1.*NODELETE' || fault "can be unmapped: no NODELETE"
echo "$dynamic" | grep -Eq '\(FLAGS\).*BIND_NOW|FLAGS_1.*NOW' || fault "binds lazily: no BIND_NOW"
echo "$segments" | grep -q GNU_RELRO || fault "no RELRO"
echo "$segments" | grep -Eq 'GNU_STACK.* RW ' || fault "its stack is executable, or not declared"
echo "$dynamic" | grep -q TEXTREL && fault "has text relocations"
echo "$dynamic" | grep -Eq 'RPATH|RUNPATH' && fault "has a library path of its own"

# The module is in the application's process: no network, and no JSON of a relying party.
echo "$dynamic" | grep -Eq 'NEEDED.*lib(curl|jansson)' && fault "links what only command and verifier use"

# frame_dummy and __do_global_dtors_aux, one pointer of 8 bytes each.
for array in INIT_ARRAYSZ FINI_ARRAYSZ; do
    echo "$dynamic" | grep -Eq "\($array\) +8 \(bytes\)" || fault "$array: more than the compiler's own"
done

# What the compiler's switches leave behind.
imports=$(nm -D --undefined-only "$module")
echo "$imports" | grep -q ' __stack_chk_fail' || fault "no stack protector"
echo "$imports" | grep -Eq ' __[a-z]+_chk(@|$)' || fault "no checked libc calls (_FORTIFY_SOURCE)"
if readelf -hW "$module" | grep -q X86-64; then
    readelf -nW "$module" | grep -q SHSTK || fault "not marked for shadow stacks"
    for name in C_GetFunctionList C_GetInterface C_GetInterfaceList; do
        objdump -d --no-show-raw-insn "--disassemble=$name" "$module" |
            grep -A1 "<$name>:" | grep -q endbr64 || fault "$name: no endbr64"
    done
fi
exit "$status"
