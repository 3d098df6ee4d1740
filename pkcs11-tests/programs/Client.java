/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Client - what a Java program does with a token through SunPKCS11, a verb per run; clients/java.sh
 * judges the results by openssl.
 *
 *   java Client.java CONFIGURATION PIN VERB ARG...
 */
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.SecureRandom;
import java.security.Security;
import java.security.Signature;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.crypto.Cipher;
import javax.crypto.KeyAgreement;
import javax.crypto.KeyGenerator;
import javax.crypto.Mac;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

public class Client {
    static final int CHUNK = 777; /* not a multiple of any block */
    static Provider provider;
    static KeyStore store;
    static char[] pin;

    static byte[] read(String file) throws Exception {
        return Files.readAllBytes(Path.of(file));
    }

    static void write(String file, byte[] data) throws Exception {
        Files.write(Path.of(file), data);
    }

    static PrivateKey key(String alias) throws Exception {
        PrivateKey k = (PrivateKey) store.getKey(alias, pin);
        if (k == null)
            throw new IllegalStateException("no key " + alias);
        return k;
    }

    static byte[] unhex(String s) {
        return java.util.HexFormat.of().parseHex(s);
    }

    /* sign ALIAS ALGORITHM IN OUT: fed in pieces */
    static void sign(String[] a) throws Exception {
        Signature s = Signature.getInstance(a[1], provider);
        byte[] data = read(a[2]);

        s.initSign(key(a[0]));
        if (a[1].equals("RSASSA-PSS"))
            s.setParameter(
                new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 32, 1));
        for (int i = 0; i < data.length; i += CHUNK)
            s.update(data, i, Math.min(CHUNK, data.length - i));
        write(a[3], s.sign());
    }

    /* pair ALGORITHM SIZE-OR-CURVE SIGNATURE IN OUT PUBLIC: a session key pair that signs */
    static void pair(String[] a) throws Exception {
        KeyPairGenerator g = KeyPairGenerator.getInstance(a[0], provider);

        if (a[0].equals("EC"))
            g.initialize(new java.security.spec.ECGenParameterSpec(a[1]));
        else
            g.initialize(Integer.parseInt(a[1]));
        KeyPair p = g.generateKeyPair();
        Signature s = Signature.getInstance(a[2], provider);
        s.initSign(p.getPrivate());
        s.update(read(a[3]));
        byte[] value = s.sign();
        s.initVerify(p.getPublic());
        s.update(read(a[3]));
        if (!s.verify(value))
            throw new IllegalStateException("the token refuses its own signature");
        write(a[4], value);
        write(a[5], p.getPublic().getEncoded());
    }

    /* digest ALGORITHM IN OUT: in pieces, and from the middle on by a clone as well */
    static void digest(String[] a) throws Exception {
        MessageDigest d = MessageDigest.getInstance(a[0], provider), clone = null;
        byte[] data = read(a[1]);

        for (int i = 0; i < data.length; i += CHUNK) {
            if (clone == null && i > data.length / 2)
                clone = (MessageDigest) d.clone(); /* C_GetOperationState, C_SetOperationState */
            d.update(data, i, Math.min(CHUNK, data.length - i));
            if (clone != null)
                clone.update(data, i, Math.min(CHUNK, data.length - i));
        }
        write(a[2], d.digest());
        if (clone == null || !MessageDigest.isEqual(clone.digest(), read(a[2])))
            throw new IllegalStateException("the clone comes to another digest");
    }

    static byte[] feed(Cipher c, byte[] data) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();

        for (int i = 0; i < data.length; i += CHUNK) {
            byte[] part = c.update(data, i, Math.min(CHUNK, data.length - i));
            if (part != null)
                out.write(part);
        }
        out.write(c.doFinal());
        return out.toByteArray();
    }

    /* cipher MODE TRANSFORMATION KEY-HEX IV-HEX IN OUT */
    static void cipher(String[] a) throws Exception {
        Cipher c = Cipher.getInstance(a[1], provider);
        SecretKey k = new SecretKeySpec(unhex(a[2]), "AES");
        AlgorithmParameterSpec iv = a[1].contains("GCM")
            ? new GCMParameterSpec(128, unhex(a[3])) : new IvParameterSpec(unhex(a[3]));

        c.init(a[0].equals("encrypt") ? Cipher.ENCRYPT_MODE : Cipher.DECRYPT_MODE, k, iv);
        write(a[5], feed(c, read(a[4])));
    }

    /* gcm IN: a key made in the token; what was changed on the way is refused */
    static void gcm(String[] a) throws Exception {
        KeyGenerator g = KeyGenerator.getInstance("AES", provider);
        byte[] iv = new byte[12], data = read(a[0]);

        g.init(256);
        SecretKey k = g.generateKey();
        new SecureRandom().nextBytes(iv);
        Cipher c = Cipher.getInstance("AES/GCM/NoPadding", provider);
        c.init(Cipher.ENCRYPT_MODE, k, new GCMParameterSpec(128, iv));
        c.updateAAD("header".getBytes());
        byte[] secret = c.doFinal(data);
        c.init(Cipher.DECRYPT_MODE, k, new GCMParameterSpec(128, iv));
        c.updateAAD("header".getBytes());
        if (!Arrays.equals(c.doFinal(secret), data))
            throw new IllegalStateException("not what was encrypted");
        secret[secret.length / 2] ^= 1;
        c.init(Cipher.DECRYPT_MODE, k, new GCMParameterSpec(128, iv));
        c.updateAAD("header".getBytes());
        try {
            c.doFinal(secret);
        } catch (java.security.GeneralSecurityException | java.security.ProviderException e) {
            return;
        }
        throw new IllegalStateException("a forged ciphertext was accepted");
    }

    /* hmac ALGORITHM KEY-HEX IN OUT */
    static void hmac(String[] a) throws Exception {
        Mac m = Mac.getInstance(a[0], provider);

        m.init(new SecretKeySpec(unhex(a[1]), a[0]));
        m.update(read(a[2]));
        write(a[3], m.doFinal());
    }

    /* decrypt ALIAS TRANSFORMATION IN OUT */
    static void decrypt(String[] a) throws Exception {
        Cipher c = Cipher.getInstance(a[1], provider);

        c.init(Cipher.DECRYPT_MODE, key(a[0]));
        write(a[3], c.doFinal(read(a[2])));
    }

    /* agree ALIAS PEER OUT */
    static void agree(String[] a) throws Exception {
        KeyAgreement k = KeyAgreement.getInstance("ECDH", provider);

        k.init(key(a[0]));
        k.doPhase(KeyFactory.getInstance("EC").generatePublic(new X509EncodedKeySpec(read(a[1]))),
            true);
        write(a[2], k.generateSecret());
    }

    /* threads ALIAS ALGORITHM: eight threads, thirty signatures each, verified outside the token */
    static void threads(String[] a) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(8);
        List<Future<Integer>> results = new ArrayList<>();
        PrivateKey k = key(a[0]);

        for (int t = 0; t < 8; t++)
            results.add(pool.submit((Callable<Integer>) () -> {
                for (int i = 0; i < 30; i++) {
                    byte[] data = new byte[100 + i];
                    new SecureRandom().nextBytes(data);
                    Signature s = Signature.getInstance(a[1], provider);
                    s.initSign(k);
                    s.update(data);
                    byte[] value = s.sign();
                    Signature v = Signature.getInstance(a[1]);
                    v.initVerify(store.getCertificate(a[0]).getPublicKey());
                    v.update(data);
                    if (!v.verify(value))
                        throw new IllegalStateException("a wrong signature");
                }
                return 30;
            }));
        int made = 0;
        for (Future<Integer> f : results)
            made += f.get();
        pool.shutdown();
        System.out.println("made " + made);
    }

    public static void main(String[] args) throws Exception {
        String[] rest = Arrays.copyOfRange(args, 3, args.length);

        provider = Security.getProvider("SunPKCS11").configure(args[0]);
        pin = args[1].toCharArray();
        Security.addProvider(provider);
        store = KeyStore.getInstance("PKCS11", provider);
        store.load(null, pin);
        Client.class.getDeclaredMethod(args[2], String[].class).invoke(null, (Object) rest);
    }
}
