// SPDX-License-Identifier: BSD-2-Clause

// What a Go program does with a token, a verb per run (clients/go.sh): through crypto11, whose keys
// are Go's crypto.Signer and cipher.AEAD, and through miekg/pkcs11, which it stands on.
//
//	client MODULE TOKEN PIN VERB ARG...
//
// Results are judged by openssl and by Go's own cryptography; codes by what PKCS#11 prescribes.
package main

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/ThalesIgnite/crypto11"
	"github.com/miekg/pkcs11"
)

var module, token, pin string

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func must(holds bool, what string) {
	if !holds {
		panic(what)
	}
}

func read(name string) []byte {
	data, err := os.ReadFile(name)
	check(err)
	return data
}

func write(name string, data []byte) {
	check(os.WriteFile(name, data, 0600))
}

func writePEM(name, kind string, der []byte) {
	write(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// -- crypto11 ------------------------------------------------------------------------------------

func configure() *crypto11.Context {
	ctx, err := crypto11.Configure(&crypto11.Config{Path: module, TokenLabel: token, Pin: pin,
		UseGCMIVFromHSM: false})
	check(err)
	return ctx
}

func signer(ctx *crypto11.Context, label string) crypto11.Signer {
	key, err := ctx.FindKeyPair(nil, []byte(label))
	check(err)
	must(key != nil, "no key "+label)
	return key
}

func writePublic(name string, key crypto.PublicKey) {
	der, err := x509.MarshalPKIXPublicKey(key)
	check(err)
	writePEM(name, "PUBLIC KEY", der)
}

var hashes = map[string]crypto.Hash{
	"sha1": crypto.SHA1, "sha256": crypto.SHA256, "sha384": crypto.SHA384, "sha512": crypto.SHA512}

// sign LABEL HASH SCHEME FILE SIGNATURE
func sign(args []string) {
	ctx := configure()
	defer ctx.Close()
	hash := hashes[args[1]]
	h := hash.New()
	h.Write(read(args[3]))
	var opts crypto.SignerOpts = hash
	if args[2] == "pss" {
		opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: hash}
	}
	signature, err := signer(ctx, args[0]).Sign(rand.Reader, h.Sum(nil), opts)
	check(err)
	write(args[4], signature)
}

// generate rsa|ec LABEL ID PUBLIC
func generate(args []string) {
	ctx := configure()
	defer ctx.Close()
	var key crypto11.Signer
	var err error
	if args[0] == "rsa" {
		key, err = ctx.GenerateRSAKeyPairWithLabel([]byte(args[2]), []byte(args[1]), 2048)
	} else {
		key, err = ctx.GenerateECDSAKeyPairWithLabel([]byte(args[2]), []byte(args[1]),
			elliptic.P384())
	}
	check(err)
	writePublic(args[3], key.Public())
}

// remove LABEL
func remove(args []string) {
	ctx := configure()
	defer ctx.Close()
	check(signer(ctx, args[0]).Delete())
	key, err := ctx.FindKeyPair(nil, []byte(args[0]))
	check(err)
	must(key == nil, "a key that was deleted")
}

// decrypt LABEL pkcs1|oaep IN OUT
func decrypt(args []string) {
	ctx := configure()
	defer ctx.Close()
	var opts crypto.DecrypterOpts
	if args[1] == "oaep" {
		opts = &rsa.OAEPOptions{Hash: crypto.SHA256}
	}
	key := signer(ctx, args[0]).(crypto11.SignerDecrypter)
	text, err := key.Decrypt(rand.Reader, read(args[2]), opts)
	check(err)
	write(args[3], text)
}

// certificate LABEL OUT: made by Go's x509 with the key, kept in the token, read back.
func certificate(args []string) {
	ctx := configure()
	defer ctx.Close()
	key := signer(ctx, args[0])
	template := &x509.Certificate{SerialNumber: big.NewInt(77),
		Subject: pkix.Name{CommonName: args[0]}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(48 * time.Hour), IsCA: true, BasicConstraintsValid: true,
		DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	check(err)
	parsed, err := x509.ParseCertificate(der)
	check(err)
	check(ctx.ImportCertificateWithLabel([]byte("go"), []byte(args[0]), parsed))
	back, err := ctx.FindCertificate([]byte("go"), nil, nil)
	check(err)
	must(back != nil && bytes.Equal(back.Raw, der), "another certificate came back")
	writePEM(args[1], "CERTIFICATE", der)
}

// serve LABEL CERTIFICATE PORT N: a TLS server of Go's, for so many connections.
func serve(args []string) {
	ctx := configure()
	defer ctx.Close()
	block, _ := pem.Decode(read(args[1]))
	n, err := strconv.Atoi(args[3])
	check(err)
	config := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{block.Bytes},
		PrivateKey: signer(ctx, args[0])}}}
	listener, err := tls.Listen("tcp", "127.0.0.1:"+args[2], config)
	check(err)
	for i := 0; i < n; {
		connection, err := listener.Accept()
		check(err)
		if answer(connection) {
			i++
		}
	}
}

// answer says whether it was a client: whoever only looks whether somebody listens is none.
func answer(connection net.Conn) bool {
	defer connection.Close()
	if connection.(*tls.Conn).Handshake() != nil {
		return false
	}
	fmt.Fprintln(connection, "served by go")
	return true
}

// secret: AES-GCM, CBC and HMAC of keys that never leave, against themselves and against changes.
func secret([]string) {
	ctx := configure()
	defer ctx.Close()
	key, err := ctx.GenerateSecretKeyWithLabel([]byte("aes"), []byte("aes"), 256, crypto11.CipherAES)
	check(err)
	gcm, err := key.NewGCM()
	check(err)
	nonce := make([]byte, gcm.NonceSize())
	sealed := gcm.Seal(nil, nonce, []byte("some text"), []byte("more"))
	opened, err := gcm.Open(nil, nonce, sealed, []byte("more"))
	check(err)
	must(string(opened) == "some text", "another text")
	_, err = gcm.Open(nil, nonce, sealed, []byte("less"))
	must(err != nil, "other additional data were taken")
	block := make([]byte, aes.BlockSize)
	cbc, err := key.NewCBCEncrypterCloser(make([]byte, aes.BlockSize))
	check(err)
	cbc.CryptBlocks(block, block)
	cbc.Close()
	back, err := key.NewCBCDecrypterCloser(make([]byte, aes.BlockSize))
	check(err)
	back.CryptBlocks(block, block)
	back.Close()
	must(bytes.Equal(block, make([]byte, aes.BlockSize)), "another block")
	check(key.Delete())
}

// crowd N LABEL: so many goroutines sign at once, judged by Go.
func crowd(args []string) {
	ctx := configure()
	defer ctx.Close()
	n, err := strconv.Atoi(args[0])
	check(err)
	key := signer(ctx, args[1])
	var group sync.WaitGroup
	for i := 0; i < n; i++ {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			digest := sha256.Sum256([]byte(strconv.Itoa(i)))
			signature, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
			check(err)
			public := key.Public().(*ecdsa.PublicKey)
			must(ecdsa.VerifyASN1(public, digest[:], signature), "a wrong signature")
		}(i)
	}
	group.Wait()
	fmt.Println("made", n)
}

// -- miekg/pkcs11 --------------------------------------------------------------------------------

func open() (*pkcs11.Ctx, uint, pkcs11.SessionHandle) {
	p := pkcs11.New(module)
	must(p != nil, "no module")
	check(p.Initialize())
	slots, err := p.GetSlotList(true)
	check(err)
	for _, slot := range slots {
		info, err := p.GetTokenInfo(slot)
		check(err)
		if info.Label == token {
			session, err := p.OpenSession(slot, pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
			check(err)
			check(p.Login(session, pkcs11.CKU_USER, pin))
			return p, slot, session
		}
	}
	panic("no token")
}

func expect(code uint, err error) {
	if e, ok := err.(pkcs11.Error); !ok || uint(e) != code {
		panic(fmt.Sprintf("%v, not 0x%x", err, code))
	}
}

func known(p *pkcs11.Ctx, session pkcs11.SessionHandle, value []byte) pkcs11.ObjectHandle {
	o, err := p.CreateObject(session, []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_SECRET_KEY),
		pkcs11.NewAttribute(pkcs11.CKA_KEY_TYPE, pkcs11.CKK_AES),
		pkcs11.NewAttribute(pkcs11.CKA_TOKEN, false),
		pkcs11.NewAttribute(pkcs11.CKA_ENCRYPT, true),
		pkcs11.NewAttribute(pkcs11.CKA_DECRYPT, true),
		pkcs11.NewAttribute(pkcs11.CKA_VALUE, value)})
	check(err)
	return o
}

// gcm: Go's own AES-GCM is the other side.
func gcm([]string) {
	p, _, session := open()
	defer p.Destroy()
	value, iv := make([]byte, 32), make([]byte, 12)
	_, err := rand.Read(value)
	check(err)
	params := pkcs11.NewGCMParams(iv, []byte("more"), 128)
	defer params.Free()
	mechanism := []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_AES_GCM, params)}
	key := known(p, session, value)
	check(p.EncryptInit(session, mechanism, key))
	sealed, err := p.Encrypt(session, []byte("some text"))
	check(err)
	block, err := aes.NewCipher(value)
	check(err)
	aead, err := cipher.NewGCM(block)
	check(err)
	must(bytes.Equal(sealed, aead.Seal(nil, iv, []byte("some text"), []byte("more"))),
		"another text")
	sealed[0] ^= 1
	check(p.DecryptInit(session, mechanism, key))
	_, err = p.Decrypt(session, sealed)
	expect(pkcs11.CKR_ENCRYPTED_DATA_INVALID, err)
	check(p.Finalize())
}

func codes([]string) {
	p, slot, session := open()
	defer p.Destroy()
	expect(pkcs11.CKR_CRYPTOKI_ALREADY_INITIALIZED, p.Initialize())
	expect(pkcs11.CKR_USER_ALREADY_LOGGED_IN, p.Login(session, pkcs11.CKU_USER, pin))
	key := known(p, session, make([]byte, 16))
	expect(pkcs11.CKR_MECHANISM_PARAM_INVALID, p.EncryptInit(session,
		[]*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_AES_CBC, []byte{1, 2, 3})}, key))
	expect(pkcs11.CKR_KEY_TYPE_INCONSISTENT, p.SignInit(session,
		[]*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_ECDSA, nil)}, key))
	_, err := p.Encrypt(session, []byte{1})
	expect(pkcs11.CKR_OPERATION_NOT_INITIALIZED, err)
	_, err = p.GetAttributeValue(session, key,
		[]*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_MODULUS, nil)})
	expect(pkcs11.CKR_ATTRIBUTE_TYPE_INVALID, err)
	check(p.DestroyObject(session, key))
	expect(pkcs11.CKR_OBJECT_HANDLE_INVALID, p.DestroyObject(session, key))
	check(p.Logout(session))
	expect(pkcs11.CKR_PIN_INCORRECT, p.Login(session, pkcs11.CKU_USER, "wrong-pin"))
	check(p.Login(session, pkcs11.CKU_USER, pin))
	check(p.CloseAllSessions(slot))
	_, err = p.GetSessionInfo(session)
	expect(pkcs11.CKR_SESSION_HANDLE_INVALID, err)
	check(p.Finalize())
	_, err = p.GetSlotList(true)
	expect(pkcs11.CKR_CRYPTOKI_NOT_INITIALIZED, err)
}

func main() {
	verbs := map[string]func([]string){"sign": sign, "generate": generate, "remove": remove,
		"decrypt": decrypt, "certificate": certificate, "serve": serve, "secret": secret,
		"crowd": crowd, "gcm": gcm, "codes": codes}
	module, token, pin = os.Args[1], os.Args[2], os.Args[3]
	verbs[os.Args[4]](os.Args[5:])
}
