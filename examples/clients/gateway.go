package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// gateway is the example gateway as a process of its own, and what it prints at its
// first start.
type gateway struct {
	process           *exec.Cmd
	base              string
	prod, experiments string // keys
	owner, ops        string // logins of the console
}

// startGateway builds the gateway and starts it on a free port with its data in dir.
func startGateway(ctx context.Context, dir string) (*gateway, error) {
	program := filepath.Join(dir, "gateway")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "./examples/gateway")
	build.Dir = filepath.Join("..", "..")
	if text, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building the gateway: %w: %s", err, text)
	}
	g := &gateway{process: exec.Command(program, "-listen", "127.0.0.1:0", "-data", filepath.Join(dir, "data"))}
	g.process.Stderr = os.Stderr
	out, err := g.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := g.process.Start(); err != nil {
		return nil, err
	}
	if err := g.read(out); err != nil {
		return nil, errors.Join(err, g.stop())
	}
	return g, nil
}

// read takes what the gateway prints: where it is, its keys and its logins.
func (g *gateway) read(out io.Reader) error {
	for _, find := range []struct {
		in    *regexp.Regexp
		value *string
	}{
		{regexp.MustCompile(`^gateway on (http://\S+),`), &g.base},
		{regexp.MustCompile(`^  prod +(\S+) +\(service\)`), &g.prod},
		{regexp.MustCompile(`^  experiments +(\S+) +\(service\)`), &g.experiments},
		{regexp.MustCompile(`/console/usage -H 'Authorization: Bearer ([^']+)'`), &g.owner},
		{regexp.MustCompile(`/operator/subscription .*'Authorization: Bearer ([^']+)'`), &g.ops},
	} {
		lines := bufio.NewReader(out)
		out = lines
		for *find.value == "" {
			line, err := lines.ReadString('\n')
			if err != nil {
				return fmt.Errorf("the gateway printed no line like %v: %w", find.in, err)
			}
			if m := find.in.FindStringSubmatch(line); m != nil {
				*find.value = m[1]
			}
		}
	}
	return nil
}

func (g *gateway) stop() error {
	return errors.Join(g.process.Process.Signal(os.Interrupt), g.process.Wait())
}

// console does something as the organization's owner.
func (g *gateway) console(method, path string) func() error {
	return func() error { _, err := g.ask(method, path, g.owner); return err }
}

// operator does something as who runs the gateway.
func (g *gateway) operator(method, path string) func() error {
	return func() error { _, err := g.ask(method, path, g.ops); return err }
}

func (g *gateway) ask(method, path, login string) (string, error) {
	req, err := http.NewRequest(method, g.base+path, nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+login)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s %s", method, path, res.Status, body)
	}
	return string(body), err
}

// project is the id of a project by name; empty where there is none.
func (g *gateway) project(name string) string {
	var list []struct{ ID, Name string }
	body, err := g.ask("GET", "/console/projects", g.owner)
	if err == nil {
		err = json.Unmarshal([]byte(body), &list)
	}
	for _, p := range list {
		if p.Name == name && err == nil {
			return p.ID
		}
	}
	return ""
}

// keyID is the id of the key that a token is of: the part before the secret.
func keyID(token string) string {
	parts := strings.Split(token, "_")
	return "key_" + parts[len(parts)-2]
}

// changed is the token with another last character.
func changed(token string) string {
	last := "0"
	if strings.HasSuffix(token, last) {
		last = "1"
	}
	return token[:len(token)-1] + last
}
