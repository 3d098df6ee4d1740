#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# test-exports.sh MODULE [PROGRAM...] - what the built module shows, and how it and the programs are
# linked: everything bound and read-only after loading, no executable stack, no memory that can be
# written and executed, no code at load or exit but the compiler's own; built with stack protector,
# checked libc calls and, on x86-64, for shadow stacks. Of the module besides: three names, never
# unmapped, branch tracking. Of the programs: position independent. Of every source of theirs: the
# switches, which a file does not show of all of it.
set -eu

for tool in nm readelf objdump; do
    command -v "$tool" >/dev/null || { echo "$tool is missing"; exit 77; }
done
status=0

fault() {
    echo "$file: $*"
    status=1
}

is_x86() {
    readelf -hW "$file" | grep -q X86-64
}

# What holds for whatever is installed; $file, $dynamic.
check_any() {
    segments=$(readelf -lW "$file")
    imports=$(nm -D --undefined-only "$file")
    echo "$dynamic" | grep -Eq '\(FLAGS\).*BIND_NOW|FLAGS_1.*NOW' || fault "binds lazily: no BIND_NOW"
    echo "$segments" | grep -q GNU_RELRO || fault "no RELRO"
    echo "$segments" | grep -Eq 'GNU_STACK.* RW ' || fault "its stack is executable, or not declared"
    echo "$segments" | grep -Eq 'LOAD.* RWE ' && fault "has memory to write and execute"
    echo "$dynamic" | grep -q TEXTREL && fault "has text relocations"
    echo "$dynamic" | grep -Eq 'RPATH|RUNPATH' && fault "has a library path of its own"

    # frame_dummy and __do_global_dtors_aux, one pointer of 8 bytes each.
    for array in INIT_ARRAYSZ FINI_ARRAYSZ; do
        echo "$dynamic" | grep -Eq "\($array\) +8 \(bytes\)" ||
            fault "$array: more than the compiler's own"
    done

    # What the compiler's switches leave behind.
    echo "$imports" | grep -q ' __stack_chk_fail' || fault "no stack protector"
    echo "$imports" | grep -Eq ' __[a-z]+_chk(@|$)' || fault "no checked libc calls (_FORTIFY_SOURCE)"
    is_x86 || return 0
    readelf -nW "$file" | grep -q SHSTK || fault "not marked for shadow stacks"
}

check_module() {
    names=$(nm -D --defined-only "$file" | awk '{ print $2 " " $3 }' | sort | tr '\n' ';')
    [ "$names" = 'T C_GetFunctionList;T C_GetInterface;T C_GetInterfaceList;' ] ||
        fault "exports: $names"
    echo "$dynamic" | grep -q 'FLAGS_1.*NODELETE' || fault "can be unmapped: no NODELETE"
    # The module is in the application's process: no network, and no JSON of a relying party.
    echo "$dynamic" | grep -Eq 'NEEDED.*lib(curl|jansson)' &&
        fault "links what only command and verifier use"
    is_x86 || return 0
    for name in C_GetFunctionList C_GetInterface C_GetInterfaceList; do
        objdump -d --no-show-raw-insn "--disassemble=$name" "$file" |
            grep -A1 "<$name>:" | grep -q endbr64 || fault "$name: no endbr64"
    done
}

# The highest that the C library has.
fortify_level() {
    printf '#include <features.h>\n__USE_FORTIFY_LEVEL\n' |
        "$1" -O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -E -P - | tail -n 1
}

# Of the build that the module is in.
check_switches() {
    commands=$(grep -o '"command": "[^"]* -c [^ "]*/src/[^"]*' \
        "$(dirname "$file")/compile_commands.json" || true)
    compiler=$(echo "$commands" | sed -n '1s/"command": "\(ccache \)\{0,1\}\([^ ]*\).*/\2/p')
    switches="-fstack-protector-strong -fstack-clash-protection"
    switches="$switches -D_FORTIFY_SOURCE=$(fortify_level "$compiler")"
    ! is_x86 || switches="$switches -fcf-protection=full"
    [ "$(echo "$commands" | wc -l)" -gt 100 ] || fault "the build's commands were not found"
    for switch in $switches; do
        without=$(echo "$commands" | grep -Fvc -e " $switch " || true)
        [ "$without" -eq 0 ] || fault "$without of its sources are built without $switch"
    done
}

file=$1
shift
dynamic=$(readelf -dW "$file")
check_any
check_module
check_switches
for file in "$@"; do
    dynamic=$(readelf -dW "$file")
    check_any
    echo "$dynamic" | grep -q 'FLAGS_1.*PIE' || fault "not position independent"
done
exit "$status"
