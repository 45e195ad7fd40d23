// Checks what Dateline exports with golang.org/x/mod, which others wrote: signed notes, hashes of trees, proofs.
//
//	log check EXPORT VKEY     the checkpoint, the root over the entries, every file in EXPORT/receipts, and EXPORT/consistency
//	log sign SECRET TEXT      signs a text with a key of Dateline's; prints the note
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func must(err error, what string) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
		os.Exit(1)
	}
}

func read(path ...string) []byte {
	content, err := os.ReadFile(filepath.Join(path...))
	must(err, "read")
	return content
}

// The size and the root of a checkpoint that the key signed.
func checkpoint(text []byte, key note.Verifier) (int64, tlog.Hash) {
	opened, err := note.Open(text, note.VerifierList(key))
	must(err, "checkpoint")
	lines := strings.Split(opened.Text, "\n")
	if lines[0] != key.Name() {
		must(fmt.Errorf("of %s, not of %s", lines[0], key.Name()), "checkpoint")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err, "size")
	root, err := tlog.ParseHash(lines[2])
	must(err, "root")
	return size, root
}

// The leaves, from the bundles of entries: C2SP writes paths as x/mod does, but for what stands before them.
func leaves(folder string, size int64) [][]byte {
	var all [][]byte
	for index := int64(0); int64(len(all)) < size; index++ {
		name := fmt.Sprintf("%03d", index%1000)
		for rest := index / 1000; rest > 0; rest /= 1000 {
			name = fmt.Sprintf("x%03d/", rest%1000) + name
		}
		if width := size - index*256; width < 256 {
			name += fmt.Sprintf(".p/%d", width)
		}
		bundle := read(folder, "tile", "entries", name)
		for len(bundle) > 0 {
			length := int(binary.BigEndian.Uint16(bundle))
			all = append(all, bundle[2:2+length])
			bundle = bundle[2+length:]
		}
	}
	return all
}

func hashes(lines []string) []tlog.Hash {
	var all []tlog.Hash
	for _, line := range lines {
		hash, err := tlog.ParseHash(line)
		must(err, "hash")
		all = append(all, hash)
	}
	return all
}

func check(folder, vkey string) {
	key, err := note.NewVerifier(vkey)
	must(err, "key")
	size, root := checkpoint(read(folder, "checkpoint"), key)
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(indexes))
		for number, index := range indexes {
			found[number] = stored[index]
		}
		return found, nil
	})
	for number, leaf := range leaves(folder, size) {
		more, err := tlog.StoredHashes(int64(number), leaf, reader)
		must(err, "leaf")
		stored = append(stored, more...)
	}
	computed, err := tlog.TreeHash(size, reader)
	must(err, "tree")
	if computed != root {
		must(fmt.Errorf("the entries give another root than was signed"), "tree")
	}
	receipts, err := filepath.Glob(filepath.Join(folder, "receipts", "*"))
	must(err, "receipts")
	for _, path := range receipts {
		head, signed, _ := strings.Cut(string(read(path)), "\n\n")
		lines := strings.Split(head, "\n")
		index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
		must(err, path)
		extra, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
		must(err, path)
		leaf, _, _ := bytes.Cut(extra, []byte("\n"))
		of, signedRoot := checkpoint([]byte(signed), key)
		must(tlog.CheckRecord(hashes(lines[3:]), of, signedRoot, index, tlog.RecordHash(leaf)), path)
		// And what Go proves is what Dateline proves.
		proof, err := tlog.ProveRecord(of, index, reader)
		must(err, path)
		must(tlog.CheckRecord(proof, of, signedRoot, index, tlog.RecordHash(leaf)), path)
	}
	lines := strings.Split(strings.TrimSpace(string(read(folder, "consistency"))), "\n")
	old, err := strconv.ParseInt(lines[0], 10, 64)
	must(err, "consistency")
	before, err := tlog.TreeHash(old, reader)
	must(err, "consistency")
	must(tlog.CheckTree(hashes(lines[1:]), size, root, old, before), "consistency")
	fmt.Printf("%d leaves, %d receipts\n", size, len(receipts))
}

func main() {
	switch os.Args[1] {
	case "check":
		check(os.Args[2], os.Args[3])
	case "sign":
		signer, err := note.NewSigner(os.Args[2])
		must(err, "key")
		signed, err := note.Sign(&note.Note{Text: os.Args[3]}, signer)
		must(err, "sign")
		os.Stdout.Write(signed)
	}
}
