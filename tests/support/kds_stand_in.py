#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A stand-in for AMD's key distribution service, on loopback.

Usage: kds_stand_in.py [--vcek FILE] [--crl FILE] [--chain FILE]

Prints its port, then a line per request: status and path. Paths are the real service's below a first
part that says how to behave, so that every client can have a service of its own:

  /ok/...            the answer
  /busy-N/...        429 for the first N requests, then the answer; busy-always
  /wait-S/...        429 with Retry-After: S, once
  /broken-N/...      500 for the first N requests, then the answer
  /slow-S/...        the answer after S seconds
  /trickle/...       one byte of the answer a second
  /cut/...           fewer bytes than promised
  /drop-N/...        the connection closed without an answer N times, then the answer
  /empty/ /html/ /huge/ /garbage/ /moved/ /gone/  what they say; gone is 404

The answer to a well-formed path is the file given for its kind, else a line of text with the path in
it. A path that is not well-formed is not found, as with AMD: a hwid of 128 hexadecimal digits (Turin: 16)
and the SPLs of the product, in two digits or more.
"""
import argparse
import collections
import http.server
import re
import sys
import threading
import time

SPL = r'SPL=\d{2,3}'
LAYOUT = '&'.join(f'{part}{SPL}' for part in ('bl', 'tee', 'snp', 'ucode'))
VCEK = re.compile(rf'/vcek/v1/(?:(?:Milan|Genoa)/[0-9a-f]{{128}}\?{LAYOUT}'
                  rf'|Turin/[0-9a-f]{{16}}\?fmc{SPL}&{LAYOUT})')
CRL = re.compile(r'/(?:vcek|vlek)/v1/(?:Milan|Genoa|Turin)/crl')
CHAIN = re.compile(r'/(?:vcek|vlek)/v1/(?:Milan|Genoa|Turin)/cert_chain')
HUGE = 1 << 20


class Handler(http.server.BaseHTTPRequestHandler):
    """One request; how to behave is in the path."""

    protocol_version = 'HTTP/1.1'
    files = {}
    seen = collections.Counter()
    lock = threading.Lock()

    def log_message(self, *args):
        """Only say() writes."""

    def say(self, status):
        print(status, self.path, flush=True)

    def answer(self, status, body=b'', length=None, **headers):
        self.say(status)
        self.send_response(status)
        self.send_header('Content-Length', str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace('_', '-'), value)
        self.end_headers()
        self.wfile.write(body)

    def body(self, path):
        """What the real path is answered with; None: not found."""
        for kind, pattern in (('vcek', VCEK), ('crl', CRL), ('chain', CHAIN)):
            if pattern.fullmatch(path):
                return self.files.get(kind) or f'{kind} {path}\n'.encode()
        return None

    def again(self, how, limit):
        """Is this one of the first `limit` requests of this behaviour and path?"""
        with self.lock:
            self.seen[self.path] += 1
            return limit == 'always' or self.seen[self.path] <= int(limit)

    def do_GET(self):
        how, _, path = self.path[1:].partition('/')
        path = '/' + path
        body = self.body(path)
        name, _, number = how.partition('-')
        if name == 'gone' or body is None:
            self.answer(404, b'not found\n')
        elif name == 'busy' and self.again(how, number):
            self.answer(429)
        elif name == 'wait' and self.again(how, 1):
            self.answer(429, Retry_After=number)
        elif name == 'broken' and self.again(how, number):
            self.answer(500, b'oops\n')
        elif name == 'drop' and self.again(how, number):
            self.say('drop')
            self.close_connection = True
        elif name == 'moved':
            self.answer(302, Location=f'/ok{path}')
        else:
            self.spoilt(name, number, body)

    def spoilt(self, name, number, body):
        """The answers that come with 200."""
        if name == 'slow':
            time.sleep(float(number))
        if name == 'trickle':
            self.answer(200, b'', len(body))
            for byte in body:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(1)
        elif name == 'cut':
            self.answer(200, body[:len(body) // 2], len(body))
            self.close_connection = True
        else:
            self.answer(200, {'empty': b'', 'html': b'<html>Too many requests</html>\n',
                              'garbage': bytes(range(256)) * 4,
                              'huge': b'\x30' * HUGE}.get(name, body))

    def handle(self):
        try:
            super().handle()
        except (BrokenPipeError, ConnectionResetError):
            pass  # the client's patience was at its end


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--vcek')
    parser.add_argument('--crl')
    parser.add_argument('--chain')
    args = parser.parse_args()
    for kind, path in (('vcek', args.vcek), ('crl', args.crl), ('chain', args.chain)):
        if path:
            with open(path, 'rb') as file:
                Handler.files[kind] = file.read()
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    # Whoever started it holds the other end of standard input: it ends with him.
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


if __name__ == '__main__':
    main()
