// Program modernc is a worker with that driver, as package sqlitefile opens it.
package main

import (
	"context"
	"os"

	"example.com/tenet/store/sqlite/drivers/internal/worker"
	"example.com/tenet/store/sqlitefile"
)

func main() {
	os.Exit(worker.Run(open, os.Stdin, os.Stdout, os.Stderr)) //nolint:forbidigo // its status is a program's answer
}

func open(ctx context.Context, path string) (worker.Store, error) {
	s, err := sqlitefile.Open(ctx, path)
	if err != nil {
		return nil, err // not s, which as an interface would not be nil
	}
	return s, nil
}
