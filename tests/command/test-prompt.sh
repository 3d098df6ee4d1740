#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# test-prompt.sh - a PIN asked for at a terminal: not shown, and the terminal shows what is typed
# again when the command ends, by whatever signal.

# shellcheck source=tests/command/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if ! python3 -c 'import pty; pty.openpty()' 2>/dev/null; then
    echo "no pseudo-terminals here: mount devpts"
    exit 77
fi
configure "pin-tries = 5"

cat >prompt.py <<'END'
import fcntl, os, pty, signal, subprocess, sys, termios, time

def shows(tty):
    return termios.tcgetattr(tty)[3] & termios.ECHO != 0

def start(tty, *arguments):
    def lead():
        for number in signal.SIGINT, signal.SIGQUIT, signal.SIGHUP:  # ignored below nohup and in `&`
            signal.signal(number, signal.SIG_DFL)
        os.setsid()
        fcntl.ioctl(tty, termios.TIOCSCTTY, 0)
    return subprocess.Popen([os.environ['TEE_TEST_COMMAND'], *arguments], preexec_fn=lead,
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)

def until(condition):
    for _ in range(3000):
        if condition():
            return
        time.sleep(0.01)
    sys.exit('waited in vain')

def ended_by(number):
    master, tty = pty.openpty()
    command = start(tty, 'init-token', '--label', 'never')
    until(lambda: not shows(tty))
    command.send_signal(number)
    if number == signal.SIGTSTP:
        until(lambda: shows(tty))
        command.send_signal(signal.SIGCONT)
        assert command.wait(60) == 1, command.returncode
    else:
        assert command.wait(60) == -number, command.returncode
    assert shows(tty), f'after signal {number} the terminal shows nothing'

def typed():
    master, tty = pty.openpty()
    command = start(tty, 'init-token', '--label', 'typed')
    seen = b''
    for prompt in (b'SO PIN: ', b'once more: '):
        while prompt not in seen:
            seen += os.read(master, 4096)
        until(lambda: not shows(tty))
        os.write(master, b'12345678\n')
    assert command.wait(60) == 0, command.returncode
    assert shows(tty)
    assert b'12345678' not in seen + os.read(master, 4096)

for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGTSTP):
    ended_by(number)
typed()
END
python3 prompt.py || die "see above"
checks=$((checks + 6))
done_with prompt
