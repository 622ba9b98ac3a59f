// A second reader of specs/sealed-segment.md, written from the page, with Go's standard library alone.
// Reads JSON lines {"key","tenant","unit","object","version","form","sealed"} (hexadecimal) and answers each with the SHA-256 of the
// plaintext, or "refused: why".
package main

import (
	"bufio"
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
)

const chunkBytes, tagBytes, headBytes = 16384, 16, 64

type request struct {
	Key, Tenant, Unit, Object, Sealed string
	Version, Form                     int
}

// expand is HKDF-Expand of RFC 5869 with SHA-512.
func expand(key []byte, info string, length int) []byte {
	var output, last []byte
	for counter := byte(1); len(output) < length; counter++ {
		mac := hmac.New(sha512.New, key)
		mac.Write(last)
		mac.Write([]byte(info))
		mac.Write([]byte{counter})
		last = mac.Sum(nil)
		output = append(output, last...)
	}
	return output[:length]
}

func open(asked request) ([]byte, error) {
	key, err := hex.DecodeString(asked.Key)
	if err != nil {
		return nil, err
	}
	sealed, err := hex.DecodeString(asked.Sealed)
	if err != nil {
		return nil, err
	}
	if len(sealed) < headBytes || !bytes.Equal(sealed[:8], []byte("JLSEAL\x01\x01")) {
		return nil, errors.New("not a sealed object of suite 1, version 1")
	}
	salt, commitment := sealed[8:32], sealed[32:64]
	version := strconv.Itoa(asked.Version)
	if asked.Form > 0 {
		version += ".r" + strconv.Itoa(asked.Form)
	}
	context := "jianlu/object@v1\x00" + asked.Tenant + "\x00" + asked.Unit + "\x00" + asked.Object + "\x00" +
		version + "\x00\x01"
	info := "c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00" + string(salt) + context
	derived := expand(key, info, 32+12+32)
	if subtle.ConstantTimeCompare(derived[44:], commitment) != 1 {
		return nil, errors.New("commitment")
	}
	block, err := aes.NewCipher(derived[:32])
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	plain := []byte{}
	rest := sealed[headBytes:]
	for number := uint64(0); ; number++ {
		piece := rest
		if len(piece) > chunkBytes+tagBytes {
			piece = rest[:chunkBytes+tagBytes]
		}
		rest = rest[len(piece):]
		nonce := append([]byte{}, derived[32:44]...)
		counter := binary.BigEndian.Uint64(nonce[4:]) ^ number
		binary.BigEndian.PutUint64(nonce[4:], counter)
		if plain, err = gcm.Open(plain, nonce, piece, nil); err != nil {
			return nil, fmt.Errorf("chunk %d: %w", number, err)
		}
		if len(piece) < chunkBytes+tagBytes {
			if len(rest) != 0 {
				return nil, errors.New("bytes after the last chunk")
			}
			return plain, nil
		}
	}
}

func main() {
	lines := bufio.NewReader(os.Stdin)
	decoder := json.NewDecoder(lines)
	for decoder.More() {
		var asked request
		if err := decoder.Decode(&asked); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		plain, err := open(asked)
		if err != nil {
			fmt.Println("refused:", err)
			continue
		}
		digest := sha256.Sum256(plain)
		fmt.Println(hex.EncodeToString(digest[:]))
	}
}
