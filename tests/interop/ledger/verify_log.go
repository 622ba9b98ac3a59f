// Checks a ledger folder with Go's own sumdb packages, knowing nothing of Jianlu.
//
//	verify_log FOLDER VKEY [SAVED-CHECKPOINT [PROOF ENTRY]]
//
// Every leaf hash is read through tlog.TileHashReader, which authenticates tiles against the signed checkpoint, and
// compared with the entry in its bundle. A saved checkpoint must be a prefix. A proof file must prove the entry.
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

type folder string

func (f folder) Height() int { return 8 }

func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var contents [][]byte
	for _, tile := range tiles {
		content, err := os.ReadFile(filepath.Join(string(f), strings.Replace(tile.Path(), "tile/8/", "tile/", 1)))
		if err != nil {
			return nil, err
		}
		contents = append(contents, content)
	}
	return contents, nil
}

func fail(err error) {
	if err != nil {
		fmt.Println("refused:", err)
		os.Exit(1)
	}
}

func openCheckpoint(content []byte, vkey string) tlog.Tree {
	verifier, err := note.NewVerifier(vkey)
	fail(err)
	opened, err := note.Open(content, note.VerifierList(verifier))
	fail(err)
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 3 || lines[0] != verifier.Name() {
		fail(fmt.Errorf("not a checkpoint of %s", verifier.Name()))
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	fail(err)
	root, err := tlog.ParseHash(lines[2])
	fail(err)
	return tlog.Tree{N: size, Hash: root}
}

func readBundle(f folder, index int64, width int) [][]byte {
	tile := tlog.Tile{H: 8, L: 0, N: index, W: width}
	path := strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1)
	content, err := os.ReadFile(filepath.Join(string(f), path))
	fail(err)
	var entries [][]byte
	for len(content) >= 2 && len(content) >= 2+int(binary.BigEndian.Uint16(content)) {
		length := int(binary.BigEndian.Uint16(content))
		entries, content = append(entries, content[2:2+length]), content[2+length:]
	}
	if len(content) != 0 || len(entries) != width {
		fail(fmt.Errorf("%s is not a bundle of %d entries", path, width))
	}
	return entries
}

func checkEntries(f folder, tree tlog.Tree, reader tlog.HashReader) {
	for start := int64(0); start < tree.N; start += 256 {
		width := 256
		if tree.N-start < 256 {
			width = int(tree.N - start)
		}
		indexes := make([]int64, width)
		for i := range indexes {
			indexes[i] = tlog.StoredHashIndex(0, start+int64(i))
		}
		hashes, err := reader.ReadHashes(indexes)
		fail(err)
		for i, entry := range readBundle(f, start/256, width) {
			if tlog.RecordHash(entry) != hashes[i] {
				fail(fmt.Errorf("entry %d does not hash to its leaf", start+int64(i)))
			}
		}
	}
}

func checkProof(content []byte, entry []byte, vkey string) {
	head, checkpoint, found := bytes.Cut(content, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if !found || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(lines[1], "index ") {
		fail(fmt.Errorf("not a tlog-proof"))
	}
	index, err := strconv.ParseInt(lines[1][len("index "):], 10, 64)
	fail(err)
	var proof tlog.RecordProof
	for _, line := range lines[2:] {
		raw, err := base64.StdEncoding.DecodeString(line)
		fail(err)
		proof = append(proof, *(*tlog.Hash)(raw))
	}
	tree := openCheckpoint(checkpoint, vkey)
	fail(tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry)))
}

func main() {
	f, vkey := folder(os.Args[1]), os.Args[2]
	content, err := os.ReadFile(filepath.Join(string(f), "checkpoint"))
	fail(err)
	tree := openCheckpoint(content, vkey)
	reader := tlog.TileHashReader(tree, f)
	if tree.N > 0 {
		root, err := tlog.TreeHash(tree.N, reader)
		fail(err)
		if root != tree.Hash {
			fail(fmt.Errorf("root hash differs"))
		}
	}
	checkEntries(f, tree, reader)
	if len(os.Args) > 3 {
		saved, err := os.ReadFile(os.Args[3])
		fail(err)
		old := openCheckpoint(saved, vkey)
		if old.N > tree.N {
			fail(fmt.Errorf("rolled back from %d to %d entries", old.N, tree.N))
		}
		proof, err := tlog.ProveTree(tree.N, old.N, reader)
		fail(err)
		fail(tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash))
	}
	if len(os.Args) > 5 {
		proof, err := os.ReadFile(os.Args[4])
		fail(err)
		checkProof(proof, []byte(os.Args[5]), vkey)
	}
	fmt.Println("good:", tree.N, "entries")
}
