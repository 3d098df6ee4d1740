// SPDX-License-Identifier: BSD-2-Clause
//
// What a Node program does with a token through pkcs11js, a verb per run (clients/node.sh).
//
//     node client.js MODULE TOKEN PIN VERB ARG...
//
// Results are judged by openssl afterwards; codes and attributes by what PKCS#11 prescribes.
'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const p11 = require('pkcs11js');

const [modulePath, tokenLabel, pin, verb, ...args] = process.argv.slice(2);
const P256 = Buffer.from('06082a8648ce3d030107', 'hex');
const FLAGS = p11.CKF_SERIAL_SESSION | p11.CKF_RW_SESSION;
const lib = new p11.PKCS11();

function slot() {
  return lib.C_GetSlotList(true).find((s) => lib.C_GetTokenInfo(s).label.trim() === tokenLabel);
}

function open() {
  return lib.C_OpenSession(slot(), FLAGS);
}

function login() {
  const session = open();

  lib.C_Login(session, p11.CKU_USER, pin);
  return session;
}

function find(session, template) {
  lib.C_FindObjectsInit(session, template);
  const found = lib.C_FindObjects(session, 1000);
  lib.C_FindObjectsFinal(session);
  return found;
}

function one(session, objectClass, label) {
  const found = find(session, [
    { type: p11.CKA_CLASS, value: objectClass },
    { type: p11.CKA_LABEL, value: label },
  ]);

  assert.strictEqual(found.length, 1, `${found.length} objects ${label}`);
  return found[0];
}

function key(session, label) {
  return one(session, p11.CKO_PRIVATE_KEY, label);
}

function attribute(session, object, type) {
  return lib.C_GetAttributeValue(session, object, [{ type }])[0].value;
}

// The call must end with that code.
function expect(code, call) {
  assert.throws(call, (error) => error.code === code || assert.fail(`${error}, not ${code}`));
}

// A key that everybody knows: it may be read, and leave under any other.
function secretKey(session, type, value, usage) {
  return lib.C_CreateObject(session, [
    { type: p11.CKA_CLASS, value: p11.CKO_SECRET_KEY },
    { type: p11.CKA_KEY_TYPE, value: type },
    { type: p11.CKA_TOKEN, value: false },
    { type: p11.CKA_SENSITIVE, value: false },
    { type: p11.CKA_VALUE, value },
    ...usage.map((u) => ({ type: u, value: true })),
  ]);
}

const PSS = {
  mechanism: p11.CKM_SHA256_RSA_PKCS_PSS,
  parameter: {
    type: p11.CK_PARAMS_RSA_PSS,
    hashAlg: p11.CKM_SHA256,
    mgf: p11.CKG_MGF1_SHA256,
    saltLen: 32,
  },
};

const verbs = {
  // LABEL MECHANISM FILE SIGNATURE: in one call and in parts.
  sign(session, label, name, file, out) {
    const mechanism = name === 'PSS' ? PSS : { mechanism: p11[name] };
    const data = fs.readFileSync(file);
    const parts = Buffer.alloc(1024);

    lib.C_SignInit(session, mechanism, key(session, label));
    for (let at = 0; at < data.length; at += 999) {
      lib.C_SignUpdate(session, data.subarray(at, at + 999));
    }
    const signature = lib.C_SignFinal(session, parts);
    lib.C_VerifyInit(session, mechanism, one(session, p11.CKO_PUBLIC_KEY, label));
    assert.strictEqual(lib.C_Verify(session, data, signature), true);
    lib.C_SignInit(session, mechanism, key(session, label));
    fs.writeFileSync(out, lib.C_Sign(session, data, Buffer.alloc(1024)));
  },

  // HASH RAW POINT: a pair of the session.
  pairs(session, hash, raw, out) {
    const pair = lib.C_GenerateKeyPair(
      session,
      { mechanism: p11.CKM_EC_KEY_PAIR_GEN },
      [{ type: p11.CKA_EC_PARAMS, value: P256 }, { type: p11.CKA_VERIFY, value: true }],
      [{ type: p11.CKA_SIGN, value: true }],
    );

    lib.C_SignInit(session, { mechanism: p11.CKM_ECDSA }, pair.privateKey);
    fs.writeFileSync(raw, lib.C_Sign(session, fs.readFileSync(hash), Buffer.alloc(64)));
    const point = attribute(session, pair.publicKey, p11.CKA_EC_POINT).subarray(2);
    fs.writeFileSync(out, Buffer.concat([
      Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex'), point]));
  },

  digest(session, name, file, out) {
    lib.C_DigestInit(session, { mechanism: p11[name] });
    fs.writeFileSync(out, lib.C_Digest(session, fs.readFileSync(file), Buffer.alloc(64)));
  },

  hmac(session, keyHex, file, out) {
    const secret = secretKey(session, p11.CKK_GENERIC_SECRET, Buffer.from(keyHex, 'hex'),
      [p11.CKA_SIGN, p11.CKA_VERIFY]);

    lib.C_SignInit(session, { mechanism: p11.CKM_SHA256_HMAC }, secret);
    fs.writeFileSync(out, lib.C_Sign(session, fs.readFileSync(file), Buffer.alloc(32)));
  },

  // MECHANISM KEY IV FILE OUT: there, and back in parts.
  cipher(session, name, keyHex, ivHex, file, out) {
    const mechanism = { mechanism: p11[name], parameter: Buffer.from(ivHex, 'hex') };
    const secret = secretKey(session, p11.CKK_AES, Buffer.from(keyHex, 'hex'),
      [p11.CKA_ENCRYPT, p11.CKA_DECRYPT]);
    const data = fs.readFileSync(file);

    lib.C_EncryptInit(session, mechanism, secret);
    const text = lib.C_Encrypt(session, data, Buffer.alloc(data.length + 16));
    fs.writeFileSync(out, text);
    lib.C_DecryptInit(session, mechanism, secret);
    const opened = [];
    for (let at = 0; at < text.length; at += 1000) {
      opened.push(Buffer.from(
        lib.C_DecryptUpdate(session, text.subarray(at, at + 1000), Buffer.alloc(1100))));
    }
    opened.push(Buffer.from(lib.C_DecryptFinal(session, Buffer.alloc(1100))));
    assert.deepStrictEqual(Buffer.concat(opened), data);
  },

  // Node's own AES-GCM is the other side.
  gcm(session, file) {
    const crypto = require('node:crypto');
    const [value, iv, aad] = [32, 12, 20].map((n) => crypto.randomBytes(n));
    const secret = secretKey(session, p11.CKK_AES, value, [p11.CKA_ENCRYPT, p11.CKA_DECRYPT]);
    const mechanism = {
      mechanism: p11.CKM_AES_GCM,
      parameter: { type: p11.CK_PARAMS_AES_GCM, iv, aad, ivBits: 96, tagBits: 128 },
    };
    const data = fs.readFileSync(file);
    const cipher = crypto.createCipheriv('aes-256-gcm', value, iv).setAAD(aad);
    const right = Buffer.concat([cipher.update(data), cipher.final(), cipher.getAuthTag()]);

    lib.C_EncryptInit(session, mechanism, secret);
    assert.deepStrictEqual(lib.C_Encrypt(session, data, Buffer.alloc(data.length + 16)), right);
    lib.C_DecryptInit(session, mechanism, secret);
    assert.deepStrictEqual(lib.C_Decrypt(session, right, Buffer.alloc(right.length)), data);
    right[0] ^= 1;
    lib.C_DecryptInit(session, mechanism, secret);
    expect(p11.CKR_ENCRYPTED_DATA_INVALID,
      () => lib.C_Decrypt(session, right, Buffer.alloc(right.length)));
  },

  oaep(session, label, file, out) {
    const text = fs.readFileSync(file);
    const parameter = {
      type: p11.CK_PARAMS_RSA_OAEP,
      hashAlg: p11.CKM_SHA256,
      mgf: p11.CKG_MGF1_SHA256,
      source: 1, // CKZ_DATA_SPECIFIED
    };

    lib.C_DecryptInit(session, { mechanism: p11.CKM_RSA_PKCS_OAEP, parameter }, key(session, label));
    fs.writeFileSync(out, lib.C_Decrypt(session, text, Buffer.alloc(256)));
  },

  // POINT-FILE OUT: the shared secret, readable because the program asks for that.
  agree(session, point, out) {
    const pair = lib.C_GenerateKeyPair(
      session,
      { mechanism: p11.CKM_EC_KEY_PAIR_GEN },
      [{ type: p11.CKA_EC_PARAMS, value: P256 }],
      [{ type: p11.CKA_DERIVE, value: true }],
    );
    const derived = lib.C_DeriveKey(
      session,
      {
        mechanism: p11.CKM_ECDH1_DERIVE,
        parameter: {
          type: p11.CK_PARAMS_EC_DH, kdf: p11.CKD_NULL, publicData: fs.readFileSync(point),
        },
      },
      pair.privateKey,
      [
        { type: p11.CKA_CLASS, value: p11.CKO_SECRET_KEY },
        { type: p11.CKA_KEY_TYPE, value: p11.CKK_GENERIC_SECRET },
        { type: p11.CKA_SENSITIVE, value: false },
        { type: p11.CKA_EXTRACTABLE, value: true },
      ],
    );

    fs.writeFileSync(out, attribute(session, derived, p11.CKA_VALUE));
    fs.writeFileSync(`${out}.point`, attribute(session, pair.publicKey, p11.CKA_EC_POINT).subarray(2));
  },

  // KEY KEK-HEX OUT: a key goes out under another by AES key wrap, and comes in again.
  wrap(session, keyHex, kekHex, out) {
    const mechanism = { mechanism: p11.CKM_AES_KEY_WRAP };
    const kek = secretKey(session, p11.CKK_AES, Buffer.from(kekHex, 'hex'),
      [p11.CKA_WRAP, p11.CKA_UNWRAP]);
    const secret = secretKey(session, p11.CKK_AES, Buffer.from(keyHex, 'hex'),
      [p11.CKA_EXTRACTABLE, p11.CKA_ENCRYPT]);
    const wrapped = lib.C_WrapKey(session, mechanism, kek, secret, Buffer.alloc(64));

    fs.writeFileSync(out, wrapped);
    lib.C_UnwrapKey(session, mechanism, kek, wrapped, [
      { type: p11.CKA_CLASS, value: p11.CKO_SECRET_KEY },
      { type: p11.CKA_KEY_TYPE, value: p11.CKK_AES },
      { type: p11.CKA_ENCRYPT, value: true },
    ]);
  },

  codes(session) {
    const k = key(session, 'rsa');
    const aes = secretKey(session, p11.CKK_AES, Buffer.alloc(16, 7), [p11.CKA_ENCRYPT]);

    expect(p11.CKR_USER_ALREADY_LOGGED_IN, () => lib.C_Login(session, p11.CKU_USER, pin));
    expect(p11.CKR_ATTRIBUTE_SENSITIVE, () => attribute(session, k, p11.CKA_PRIVATE_EXPONENT));
    expect(p11.CKR_ATTRIBUTE_TYPE_INVALID, () => attribute(session, k, p11.CKA_VALUE));
    expect(p11.CKR_OPERATION_NOT_INITIALIZED,
      () => lib.C_Sign(session, Buffer.alloc(1), Buffer.alloc(256)));
    expect(p11.CKR_KEY_TYPE_INCONSISTENT,
      () => lib.C_SignInit(session, { mechanism: p11.CKM_SHA256_RSA_PKCS }, aes));
    expect(p11.CKR_MECHANISM_PARAM_INVALID, () => lib.C_EncryptInit(
      session, { mechanism: p11.CKM_AES_CBC, parameter: Buffer.alloc(3) }, aes));
    lib.C_Logout(session);
    expect(p11.CKR_PIN_INCORRECT, () => lib.C_Login(session, p11.CKU_USER, 'wrong-pin'));
    lib.C_Login(session, p11.CKU_USER, pin);
    expect(p11.CKR_OBJECT_HANDLE_INVALID, () => attribute(session, k, p11.CKA_LABEL));
    lib.C_CloseSession(session);
    expect(p11.CKR_SESSION_HANDLE_INVALID, () => lib.C_GetSessionInfo(session));
  },

  // Objects of the token and of the session, found, changed, copied and destroyed.
  objects(session) {
    const label = [{ type: p11.CKA_LABEL, value: 'node' }];
    const data = lib.C_CreateObject(session, [
      { type: p11.CKA_CLASS, value: p11.CKO_DATA },
      { type: p11.CKA_TOKEN, value: true },
      { type: p11.CKA_VALUE, value: Buffer.from('some data') },
      ...label,
    ]);

    lib.C_CopyObject(session, data, [{ type: p11.CKA_TOKEN, value: false }]);
    assert.strictEqual(find(session, label).length, 2);
    lib.C_SetAttributeValue(session, data, [{ type: p11.CKA_LABEL, value: 'other' }]);
    assert.strictEqual(find(session, label).length, 1);
    assert.ok(lib.C_GetObjectSize(session, data) > 0);
    assert.strictEqual(attribute(session, data, p11.CKA_VALUE).toString(), 'some data');
    lib.C_DestroyObject(session, data);
    expect(p11.CKR_OBJECT_HANDLE_INVALID, () => attribute(session, data, p11.CKA_VALUE));
    lib.C_CloseSession(session);
    const again = login();
    assert.strictEqual(find(again, label).length, 0);
  },

  // N: so many signatures at once by Node's thread pool, a session each.
  async threads(session, n, label, file) {
    const data = fs.readFileSync(file);
    const k = key(session, label);
    const mechanism = { mechanism: p11.CKM_SHA256_RSA_PKCS };
    const made = await Promise.all(Array.from({ length: Number(n) }, async () => {
      const own = open();

      lib.C_SignInit(own, mechanism, k);
      const signature = Buffer.from(await lib.C_SignAsync(own, data, Buffer.alloc(256)));
      lib.C_CloseSession(own);
      return signature.toString('hex');
    }));

    assert.strictEqual(new Set(made).size, 1);
    console.log(`made ${made.length}`);
  },
};

async function main() {
  lib.load(modulePath);
  lib.C_Initialize({ flags: p11.CKF_OS_LOCKING_OK });
  try {
    await verbs[verb](login(), ...args);
  } finally {
    lib.C_Finalize();
    lib.close();
  }
}

main();
