# SPDX-License-Identifier: BSD-2-Clause
"""What a Python program does with a token through PyKCS11, a verb per run (clients/python.sh).

    client.py MODULE TOKEN PIN VERB ARG...

Verbs that write a result are judged by openssl afterwards; the others judge by the codes and the
attributes that PKCS#11 prescribes, and raise where something else comes.
"""
import os
import struct
import sys
import threading
import traceback

import PyKCS11 as p11
from PyKCS11 import PyKCS11Error
from PyKCS11.LowLevel import (
    CKA_CLASS, CKA_COPYABLE, CKA_DECRYPT, CKA_DESTROYABLE, CKA_EC_PARAMS, CKA_ENCRYPT,
    CKA_EXTRACTABLE, CKA_ID, CKA_KEY_TYPE, CKA_LABEL, CKA_MODIFIABLE, CKA_PRIVATE,
    CKA_PRIVATE_EXPONENT, CKA_SENSITIVE, CKA_SIGN, CKA_TOKEN, CKA_VALUE, CKA_VALUE_LEN, CKA_VERIFY,
    CKF_RW_SESSION, CKF_SERIAL_SESSION, CKK_AES, CKM_AES_CBC, CKM_AES_CBC_PAD, CKM_AES_CTR,
    CKM_AES_KEY_GEN, CKM_EC_KEY_PAIR_GEN, CKM_ECDSA, CKM_RSA_PKCS, CKM_SHA256, CKM_SHA256_RSA_PKCS,
    CKO_CERTIFICATE, CKO_DATA, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY, CKO_SECRET_KEY, CKU_SO, CKU_USER)

NEWER_CODES = {0x1B: "CKR_ACTION_PROHIBITED"}  # which PyKCS11 has no name for
P256 = bytes.fromhex("06082a8648ce3d030107")


class Client:
    """The library, the token's slot and the PIN."""

    def __init__(self, module, token, pin):
        self.pin = pin
        self.module = module
        self.lib = p11.PyKCS11Lib()
        self.lib.load(module)
        self.slot = next(
            slot for slot in self.lib.getSlotList(tokenPresent=True)
            if self.lib.getTokenInfo(slot).label.strip() == token)

    def open(self, flags=CKF_SERIAL_SESSION | CKF_RW_SESSION):
        return self.lib.openSession(self.slot, flags)

    def login(self):
        session = self.open()
        session.login(self.pin)
        return session


def one(session, cls, label):
    """The only object of a class and a label."""
    found = session.findObjects([(CKA_CLASS, cls), (CKA_LABEL, label)])
    assert len(found) == 1, f"{len(found)} objects {label}"
    return found[0]


def expect(code, call, *args):
    """The call must end with that CKR_ code."""
    try:
        call(*args)
    except PyKCS11Error as error:
        got = NEWER_CODES.get(error.value) or p11.CKR.get(error.value, error.value)
        assert got == code, f"{code} expected, {got} came"
        return
    raise AssertionError(f"{code} expected, the call succeeded")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, octets):
    with open(path, "wb") as file:
        file.write(bytes(octets))


def secret(label, **more):
    """A template of an AES key of the session."""
    template = [(CKA_CLASS, CKO_SECRET_KEY), (CKA_KEY_TYPE, CKK_AES), (CKA_TOKEN, False),
                (CKA_LABEL, label), (CKA_ENCRYPT, True), (CKA_DECRYPT, True)]
    return template + [(getattr(p11, name), value) for name, value in more.items()]


def known_key(session, value):
    return session.createObject(
        secret("known", CKA_VALUE=value, CKA_SENSITIVE=False, CKA_EXTRACTABLE=True))


def sign(client, label, mechanism, source, target):
    session = client.login()
    key = one(session, CKO_PRIVATE_KEY, label)
    write(target, session.sign(key, read(source), p11.Mechanism(getattr(p11, mechanism), None)))


def sign_pss(client, label, source, target):
    session = client.login()
    mechanism = p11.RSA_PSS_Mechanism(
        p11.CKM_SHA256_RSA_PKCS_PSS, CKM_SHA256, p11.CKG_MGF1_SHA256, 32)
    write(target, session.sign(one(session, CKO_PRIVATE_KEY, label), read(source), mechanism))


def decrypt_oaep(client, label, md, source, target, oaep_label):
    session = client.login()
    mechanism = p11.RSAOAEPMechanism(
        getattr(p11, "CKM_" + md), getattr(p11, "CKG_MGF1_" + md.replace("SHA_1", "SHA1")),
        oaep_label.encode() or None)
    key = one(session, CKO_PRIVATE_KEY, label)
    write(target, session.decrypt(key, read(source), mechanism))


def cipher(client, name, key, iv, source, target):
    session = client.login()
    parameter = bytes.fromhex(iv)
    if name == "CKM_AES_CTR":
        parameter = struct.pack("@L16s", 128, parameter)
    mechanism = p11.Mechanism(getattr(p11, name), parameter)
    handle = known_key(session, bytes.fromhex(key))
    out = bytes(session.encrypt(handle, read(source), mechanism))
    write(target, out)
    assert bytes(session.decrypt(handle, out, mechanism)) == read(source)


def gcm(client):
    """Test case 14 of the paper that defines GCM, and a forged tag."""
    session = client.login()
    key = known_key(session, bytes(32))
    mechanism = p11.AES_GCM_Mechanism(bytes(12), b"", 128)
    out = bytes(session.encrypt(key, bytes(16), mechanism))
    assert out.hex() == "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"
    assert bytes(session.decrypt(key, out, mechanism)) == bytes(16)
    forged = out[:-1] + bytes([out[-1] ^ 1])
    expect("CKR_ENCRYPTED_DATA_INVALID", session.decrypt, key, forged, mechanism)


def login_codes(client):
    session = client.open()
    expect("CKR_PIN_INCORRECT", session.login, "wrong-pin")
    session.login(client.pin)
    expect("CKR_USER_ALREADY_LOGGED_IN", session.login, client.pin)
    expect("CKR_USER_ANOTHER_ALREADY_LOGGED_IN", session.login, client.pin, CKU_SO)
    session.logout()
    expect("CKR_USER_NOT_LOGGED_IN", session.logout)
    session.login(client.pin, CKU_USER)
    session.closeSession()
    expect("CKR_SESSION_HANDLE_INVALID", session.logout)


def session_codes(client):
    session = client.open(CKF_SERIAL_SESSION)
    session.login(client.pin)
    expect("CKR_SESSION_READ_ONLY", session.createObject,
           [(CKA_CLASS, CKO_DATA), (CKA_TOKEN, True), (CKA_LABEL, "x"), (CKA_VALUE, b"x")])
    free = [slot for slot in client.lib.getSlotList(tokenPresent=True)
            if not client.lib.getTokenInfo(slot).flags & p11.CKF_TOKEN_INITIALIZED]
    assert free, "no uninitialised slot"
    expect("CKR_TOKEN_NOT_RECOGNIZED", client.lib.openSession, free[0],
           CKF_SERIAL_SESSION | CKF_RW_SESSION)
    expect("CKR_SLOT_ID_INVALID", client.lib.openSession, 0x7FFFFFF0, CKF_SERIAL_SESSION)


def object_codes(client):
    session = client.login()
    key = one(session, CKO_PRIVATE_KEY, "rsa")
    value = session.getAttributeValue(key, [CKA_PRIVATE_EXPONENT], allAsBinary=True)
    assert value == [None], "a private exponent was read"
    session.getAttributeValue(key, [CKA_LABEL, CKA_VALUE, CKA_ID])
    data = session.createObject([(CKA_CLASS, CKO_DATA), (CKA_TOKEN, False), (CKA_LABEL, "gone")])
    session.destroyObject(data)
    expect("CKR_OBJECT_HANDLE_INVALID", session.destroyObject, data)
    expect("CKR_TEMPLATE_INCOMPLETE", session.createObject, [(CKA_TOKEN, False)])
    expect("CKR_ATTRIBUTE_READ_ONLY", session.setAttributeValue, key, [(CKA_SENSITIVE, False)])


def mechanism_codes(client):
    session = client.login()
    rsa = one(session, CKO_PRIVATE_KEY, "rsa")
    aes = known_key(session, bytes(32))
    expect("CKR_KEY_TYPE_INCONSISTENT", session.sign, rsa, b"x" * 32, p11.Mechanism(CKM_ECDSA))
    expect("CKR_MECHANISM_INVALID", session.sign, rsa, b"x", p11.Mechanism(0x7FFF0001))
    expect("CKR_MECHANISM_PARAM_INVALID", session.encrypt, aes, bytes(16),
           p11.Mechanism(CKM_AES_CBC, b"abc"))
    expect("CKR_DATA_LEN_RANGE", session.encrypt, aes, bytes(15),
           p11.Mechanism(CKM_AES_CBC, bytes(16)))
    expect("CKR_KEY_TYPE_INCONSISTENT", session.sign, aes, b"x", p11.Mechanism(CKM_SHA256_RSA_PKCS))


def flags(client):
    """CKA_MODIFIABLE, CKA_COPYABLE and CKA_DESTROYABLE of FALSE, kept. (PyKCS11 takes the latter two
    for octets.)"""
    session, no = client.login(), b"\0"
    key = session.createObject(secret(
        "fixed", CKA_VALUE=bytes(32), CKA_MODIFIABLE=False) + [(CKA_COPYABLE, no),
                                                               (CKA_DESTROYABLE, no)])
    expect("CKR_ACTION_PROHIBITED", session.setAttributeValue, key, [(CKA_LABEL, "other")])
    expect("CKR_ACTION_PROHIBITED", session.destroyObject, key)
    kept = session.getAttributeValue(
        key, [CKA_MODIFIABLE, CKA_COPYABLE, CKA_DESTROYABLE], allAsBinary=True)
    assert [bytes(value) for value in kept] == [no, no, no]


def session_objects(client):
    """An object of a session is the whole application's, and goes with its session."""
    first, second = client.login(), client.open()
    first.createObject([(CKA_CLASS, CKO_DATA), (CKA_TOKEN, False), (CKA_PRIVATE, True),
                        (CKA_LABEL, "passing"), (CKA_VALUE, b"passing")])
    assert len(second.findObjects([(CKA_LABEL, "passing")])) == 1
    first.closeSession()
    assert not second.findObjects([(CKA_LABEL, "passing")])


def attributes(client):
    session = client.login()
    data = session.createObject([
        (CKA_CLASS, CKO_DATA), (CKA_TOKEN, True), (CKA_PRIVATE, True), (CKA_LABEL, "before"),
        (CKA_VALUE, b"one")])
    session.setAttributeValue(data, [(CKA_LABEL, "after")])
    assert not session.findObjects([(CKA_LABEL, "before")])
    found = one(client.open(), CKO_DATA, "after")
    assert bytes(session.getAttributeValue(found, [CKA_VALUE])[0]) == b"one"
    session.destroyObject(data)
    assert not session.findObjects([(CKA_LABEL, "after")])


def search(client, count):
    """Many objects, found all at once and one by one."""
    session, number = client.login(), int(count)
    for i in range(number):
        session.createObject([
            (CKA_CLASS, CKO_DATA), (CKA_TOKEN, True), (CKA_PRIVATE, i % 2 == 0),
            (CKA_LABEL, f"row {i}"), (CKA_VALUE, str(i).encode())])
    rows = session.findObjects([(CKA_CLASS, CKO_DATA)])
    labels = {session.getAttributeValue(row, [CKA_LABEL])[0] for row in rows}
    assert {f"row {i}" for i in range(number)} <= labels
    for i in range(0, number, 7):
        row = one(session, CKO_DATA, f"row {i}")
        assert bytes(session.getAttributeValue(row, [CKA_VALUE])[0]) == str(i).encode()
    session.logout()
    seen = session.findObjects([(CKA_CLASS, CKO_DATA)])
    assert all(not session.getAttributeValue(row, [CKA_PRIVATE])[0] for row in seen)
    session.login(client.pin)
    for row in session.findObjects([(CKA_CLASS, CKO_DATA)]):
        session.destroyObject(row)
    assert not session.findObjects([(CKA_CLASS, CKO_DATA)])
    assert not session.findObjects([(CKA_CLASS, CKO_CERTIFICATE), (CKA_LABEL, "none")])


def pairs(client, source, target, public):
    """A key pair of the session; its public key in the form that openssl reads."""
    session = client.login()
    public_key, private_key = session.generateKeyPair(
        [(CKA_CLASS, CKO_PUBLIC_KEY), (CKA_TOKEN, False), (CKA_VERIFY, True),
         (CKA_EC_PARAMS, P256), (CKA_LABEL, "pair")],
        [(CKA_CLASS, CKO_PRIVATE_KEY), (CKA_TOKEN, False), (CKA_SIGN, True), (CKA_LABEL, "pair")],
        p11.Mechanism(CKM_EC_KEY_PAIR_GEN, None))
    value = bytes(session.sign(private_key, read(source), p11.Mechanism(CKM_ECDSA, None)))
    assert session.verify(public_key, read(source), value, p11.Mechanism(CKM_ECDSA, None))
    wrong = bytes([value[0] ^ 1]) + value[1:]
    assert not session.verify(public_key, read(source), wrong, p11.Mechanism(CKM_ECDSA, None))
    write(target, value)
    point = bytes(session.getAttributeValue(public_key, [p11.CKA_EC_POINT])[0])
    write(public, bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200") + point[2:])


def threads(client, count):
    """Each thread has a session of its own; one login serves all."""
    session, errors = client.login(), []
    public_key = one(session, CKO_PUBLIC_KEY, "rsa")

    def work(number):
        try:
            own = client.open()
            key = one(own, CKO_PRIVATE_KEY, "rsa")
            for i in range(25):
                text = f"{number} {i}".encode()
                value = own.sign(key, text, p11.Mechanism(CKM_SHA256_RSA_PKCS, None))
                assert own.verify(public_key, text, value, p11.Mechanism(CKM_SHA256_RSA_PKCS, None))
                own.destroyObject(own.generateKey(
                    secret(f"t{number}", CKA_VALUE_LEN=32), p11.Mechanism(CKM_AES_KEY_GEN, None)))
        except Exception as error:  # pylint: disable=broad-except
            errors.append(f"thread {number}: {error!r}")

    workers = [threading.Thread(target=work, args=(n,)) for n in range(int(count))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not errors, errors


def fork(client):
    """A child begins anew; the parent's session goes on."""
    session = client.login()
    key = one(session, CKO_PRIVATE_KEY, "rsa")
    child = os.fork()
    if child == 0:
        status = 1
        try:
            getattr(p11.PyKCS11Lib, "_loaded_libs", {}).clear()  # newer: else no C_Initialize
            again = p11.PyKCS11Lib()
            again.load(client.module)
            own = again.openSession(client.slot, CKF_SERIAL_SESSION)
            own.login(client.pin)
            own.sign(one(own, CKO_PRIVATE_KEY, "rsa"), b"x", p11.Mechanism(CKM_RSA_PKCS, None))
            status = 0
        except Exception:  # pylint: disable=broad-except
            traceback.print_exc()
        os._exit(status)  # no exit handlers of the parent's
    assert os.waitpid(child, 0)[1] == 0, "the child failed"
    session.sign(key, b"x", p11.Mechanism(CKM_RSA_PKCS, None))


def main():
    module, token, pin, verb = sys.argv[1:5]
    globals()[verb](Client(module, token, pin), *sys.argv[5:])


if __name__ == "__main__":
    main()
