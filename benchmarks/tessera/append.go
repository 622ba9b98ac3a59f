// Entries per second of Tessera's POSIX storage, asked as `benchmarks/ledger.py` asks the ledger: many writers, each of which adds
// one entry at a time and waits until it is durable. Tessera says so when the entry has its index: the bundle, the tiles and the
// state of the tree are then written and synced.
//
// `append -directory DIR -writers N -seconds S [-entry-bytes 600] [-batch-size 256] [-batch-age 250ms] [-checkpoint 1s]`. The
// log in DIR is made, or continued with the key beside it (DIR.key, DIR.vkey). Prints one JSON object. `build.sh` builds it.
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
)

const origin = "bench.example/tessera"

type measured struct {
	Entries  int     `json:"entries"`
	Seconds  float64 `json:"seconds"`
	Rate     float64 `json:"rate"`
	MedianMS float64 `json:"median_ms"`
	LateMS   float64 `json:"p99_ms"`
	Size     uint64  `json:"size"`
	Vkey     string  `json:"vkey"`
}

func main() {
	directory := flag.String("directory", "", "the folder of the log")
	writers := flag.Int("writers", 1, "how many add at once")
	seconds := flag.Float64("seconds", 1, "how long they add")
	entryBytes := flag.Int("entry-bytes", 600, "how long an entry is, 20 at least")
	batchSize := flag.Uint("batch-size", tessera.DefaultBatchMaxSize, "entries that are written together at most")
	batchAge := flag.Duration("batch-age", tessera.DefaultBatchMaxAge, "how long the first entry of a batch waits for more")
	checkpoint := flag.Duration("checkpoint", time.Second, "how often a checkpoint is signed")
	flag.Parse()
	if *directory == "" || *writers < 1 || *seconds <= 0 || *entryBytes < 20 || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	options := tessera.NewAppendOptions().WithBatching(*batchSize, *batchAge).WithCheckpointInterval(*checkpoint)
	result, err := run(*directory, options, *writers, *entryBytes, time.Duration(*seconds*float64(time.Second)))
	if err != nil {
		fmt.Fprintln(os.Stderr, "append:", err)
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		fmt.Fprintln(os.Stderr, "append:", err)
		os.Exit(1)
	}
}

// run opens the log, lets the writers add, and closes it when a checkpoint commits to everything that was added.
func run(directory string, options *tessera.AppendOptions, writers, entryBytes int, spell time.Duration) (*measured, error) {
	signer, vkey, err := keys(directory)
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	driver, err := posix.New(ctx, posix.Config{Path: directory})
	if err != nil {
		return nil, err
	}
	appender, shutdown, reader, err := tessera.NewAppender(ctx, driver, options.WithCheckpointSigner(signer))
	if err != nil {
		return nil, err
	}
	before, err := reader.IntegratedSize(ctx)
	if err != nil {
		return nil, err
	}
	waits := make([][]float64, writers)
	faults := make([]error, writers)
	var all sync.WaitGroup
	begin := time.Now()
	for writer := range writers {
		all.Go(func() { waits[writer], faults[writer] = write(ctx, appender.Add, before, writer, entryBytes, begin.Add(spell)) })
	}
	all.Wait()
	spent := time.Since(begin).Seconds()
	if err := errors.Join(append(faults, shutdown(ctx))...); err != nil {
		return nil, err
	}
	size, err := reader.IntegratedSize(ctx)
	if err != nil {
		return nil, err
	}
	each := slices.Concat(waits...)
	if size != before+uint64(len(each)) {
		return nil, fmt.Errorf("%d entries were added to %d, and the log has %d", len(each), before, size)
	}
	slices.Sort(each)
	return &measured{
		Entries: len(each), Seconds: spent, Rate: float64(len(each)) / spent,
		MedianMS: each[len(each)/2], LateMS: each[len(each)*99/100], Size: size, Vkey: vkey,
	}, nil
}

// write adds entries that occur once, each after the last is durable, until the time is over; answers how long each waited in ms.
func write(ctx context.Context, add tessera.AddFn, before uint64, writer, entryBytes int, end time.Time) ([]float64, error) {
	waits := []float64{}
	for number := 0; number == 0 || time.Now().Before(end); number++ {
		entry := make([]byte, entryBytes)
		copy(entry, fmt.Sprintf("%08d%04d%08d", before, writer, number))
		asked := time.Now()
		if _, err := add(ctx, tessera.NewEntry(entry))(); err != nil {
			return nil, err
		}
		waits = append(waits, float64(time.Since(asked).Nanoseconds())/1e6)
	}
	return waits, nil
}

// keys reads the signer's key and its verifier's text beside the log, or makes them.
func keys(directory string) (note.Signer, string, error) {
	private, public := filepath.Clean(directory)+".key", filepath.Clean(directory)+".vkey"
	secret, err := os.ReadFile(private)
	if errors.Is(err, os.ErrNotExist) {
		made, vkey, err := note.GenerateKey(rand.Reader, origin)
		if err != nil {
			return nil, "", err
		}
		if err := errors.Join(os.WriteFile(private, []byte(made), 0o600), os.WriteFile(public, []byte(vkey), 0o644)); err != nil {
			return nil, "", err
		}
		secret = []byte(made)
	} else if err != nil {
		return nil, "", err
	}
	vkey, err := os.ReadFile(public)
	if err != nil {
		return nil, "", err
	}
	signer, err := note.NewSigner(string(secret))
	return signer, string(vkey), err
}
