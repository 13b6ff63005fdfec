package tenet_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"example.com/tenet"
	"example.com/tenet/store"
	"example.com/tenet/store/memory"
	"example.com/tenet/store/sqlitefile"
	"example.com/tenet/tenancy"
)

// Verbs with which an owner may make an organization have one less: by is who acts,
// other the other owner.
var ownerReducing = []struct {
	name string
	do   func(ctx context.Context, t *tenet.Tenet, org tenancy.OrgID, by, other tenancy.UserID) error
}{
	{"demote", func(ctx context.Context, t *tenet.Tenet, org tenancy.OrgID, by, other tenancy.UserID) error {
		return t.As(by).SetRole(ctx, org, other, tenancy.RoleMember)
	}},
	{"suspend", func(ctx context.Context, t *tenet.Tenet, org tenancy.OrgID, by, other tenancy.UserID) error {
		return t.As(by).SuspendMember(ctx, org, other)
	}},
	{"remove", func(ctx context.Context, t *tenet.Tenet, org tenancy.OrgID, by, other tenancy.UserID) error {
		return t.As(by).RemoveMember(ctx, org, other)
	}},
	{"leave", func(ctx context.Context, t *tenet.Tenet, org tenancy.OrgID, by, _ tenancy.UserID) error {
		return t.As(by).LeaveOrganization(ctx, org)
	}},
	{"demote oneself", func(ctx context.Context, t *tenet.Tenet, org tenancy.OrgID, by, _ tenancy.UserID) error {
		return t.As(by).SetRole(ctx, org, by, tenancy.RoleMember)
	}},
	{"suspend oneself", func(ctx context.Context, t *tenet.Tenet, org tenancy.OrgID, by, _ tenancy.UserID) error {
		return t.As(by).SuspendMember(ctx, org, by)
	}},
}

// ownerRounds is how often each pair of verbs meets: TENET_OWNER_ROUNDS, or so often.
func ownerRounds(t *testing.T, otherwise int) int {
	t.Helper()
	if text := os.Getenv("TENET_OWNER_ROUNDS"); text != "" {
		otherwise = must[int](t)(strconv.Atoi(text))
	}
	if testing.Short() {
		otherwise = min(otherwise, 10)
	}
	return otherwise
}

// duel is an organization of two owners, xia and yan, and the verbs of yan, who may
// act in another process.
type duel struct {
	t    *tenet.Tenet
	st   store.Store
	org  tenancy.OrgID
	yans func(verb int) error
}

func newDuel(t *testing.T, st backend) *duel {
	t.Helper()
	tt := open(t, st)
	org := must[tenancy.Organization](t)(tt.Operator("ops").CreateOrganization(t.Context(), tenet.NewOrganization{
		Name: "Duel", Currency: "EUR", Plan: "pro", Owner: tenet.NewMember{User: "xia"},
	}))
	d := &duel{t: tt, st: st, org: org.ID}
	d.yans = func(verb int) error { return ownerReducing[verb].do(t.Context(), tt, d.org, "yan", "xia") }
	return d
}

// owners are those of the organization, and how many entries say that they changed
// since the one named.
func (d *duel) owners(t *testing.T, since store.OperationID) (left, changes int) {
	t.Helper()
	root := must[store.Stored[tenancy.Organization]](t)(store.One(t.Context(), d.st, tenancy.OrganizationRef(d.org)))
	for _, e := range must[store.Trail](t)(d.st.Trail(t.Context(), store.TrailQuery{Org: d.org, Limit: 5})).Entries {
		if e.Op == since {
			return len(root.Value.Owners), changes
		}
		if strings.Contains(string(e.Detail), `"owners"`) {
			changes++
		}
	}
	t.Fatal("more entries than two verbs leave")
	return 0, 0
}

// latest is the operation of the newest entry.
func (d *duel) latest(t *testing.T) store.OperationID {
	t.Helper()
	return must[store.Trail](t)(d.st.Trail(t.Context(), store.TrailQuery{Org: d.org, Limit: 1})).Entries[0].Op
}

// restore makes both owners again.
func (d *duel) restore(t *testing.T) {
	t.Helper()
	for _, user := range []tenancy.UserID{"xia", "yan"} {
		for _, other := range []tenancy.UserID{"xia", "yan"} {
			_ = d.t.As(other).ResumeMember(t.Context(), d.org, user) // of which one may and one may not
		}
		must[tenancy.Member](t)(d.t.Operator("ops").AddMember(t.Context(), d.org, tenet.NewMember{User: user, Role: tenancy.RoleOwner}))
	}
}

// meet has xia and yan act at the same moment, n times for each pair of verbs.
func (d *duel) meet(t *testing.T, n int) {
	t.Helper()
	rounds, won, both := 0, 0, 0
	for i, xias := range ownerReducing {
		for j, yans := range ownerReducing {
			for range n {
				d.restore(t)
				since := d.latest(t)
				done := d.once(t, i, j)
				left, changes := d.owners(t, since)
				if left < 1 || left != 2-changes || changes > done || done == 0 {
					t.Fatalf("%s and %s: %d done, %d changes of the owners, %d owners left", xias.name, yans.name, done, changes, left)
				}
				rounds, won = rounds+1, won+changes
				if done == 2 {
					both++ // by who was an owner no more, and left or was put away all the same
				}
			}
		}
	}
	t.Logf("0 of %d rounds left no owner; %d owners less, as many entries; in %d rounds both were done", rounds, won, both)
}

// once has both act, and counts those who were told that it is done.
func (d *duel) once(t *testing.T, i, j int) (done int) {
	t.Helper()
	answers, start := make(chan error, 2), make(chan struct{})
	go func() { <-start; answers <- ownerReducing[i].do(t.Context(), d.t, d.org, "xia", "yan") }()
	go func() { <-start; answers <- d.yans(j) }()
	close(start)
	for range 2 {
		switch err := <-answers; {
		case err == nil:
			done++
		case errors.Is(err, tenancy.ErrLastOwner), errors.Is(err, tenet.ErrForbidden), errors.Is(err, tenet.ErrNotFound):
		default:
			t.Fatalf("%s and %s: %v", ownerReducing[i].name, ownerReducing[j].name, err)
		}
	}
	return done
}

// C9: an organization keeps an owner whoever acts at once, and what is said to be done
// is what is seen to be changed.
func TestC9PairsAtOnce(t *testing.T) {
	t.Run("memory", func(t *testing.T) {
		newDuel(t, memory.New()).meet(t, ownerRounds(t, 200))
	})
	t.Run("sqlitefile", func(t *testing.T) {
		st, err := sqlitefile.Open(t.Context(), filepath.Join(t.TempDir(), "tenet.db"))
		mustNot(t, err)
		t.Cleanup(func() { mustNot(t, st.Close()) })
		newDuel(t, st).meet(t, ownerRounds(t, 20))
	})
	t.Run("two processes", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "tenet.db")
		st, err := sqlitefile.Open(t.Context(), path)
		mustNot(t, err)
		t.Cleanup(func() { mustNot(t, st.Close()) })
		d := newDuel(t, st)
		d.yans = inChild(t, path, d.org)
		d.meet(t, ownerRounds(t, 20))
	})
}

const childFile, childOrg = "TENET_OWNER_FILE", "TENET_OWNER_ORG"

// inChild starts this program once more, to act for yan on the same file.
func inChild(t *testing.T, path string, org tenancy.OrgID) func(verb int) error {
	t.Helper()
	cmd := exec.CommandContext(context.Background(), os.Args[0], "-test.run=^TestC9Child$")
	cmd.Env = append(os.Environ(), childFile+"="+path, childOrg+"="+string(org))
	in := must[io.WriteCloser](t)(cmd.StdinPipe())
	out := must[io.ReadCloser](t)(cmd.StdoutPipe())
	mustNot(t, cmd.Start())
	t.Cleanup(func() {
		mustNot(t, in.Close())
		mustNot(t, cmd.Wait())
	})
	lines := bufio.NewScanner(out)
	if !lines.Scan() || lines.Text() != "ready" {
		t.Fatalf("the child said %q", lines.Text())
	}
	return func(verb int) error {
		if _, err := fmt.Fprintln(in, verb); err != nil {
			return err
		}
		if !lines.Scan() {
			return errors.New("the child is gone")
		}
		switch answer := lines.Text(); answer {
		case "done":
			return nil
		case "refused":
			return tenancy.ErrLastOwner
		default:
			return errors.New(answer)
		}
	}
}

// TestC9Child is the other process of TestC9PairsAtOnce, and nothing by itself.
func TestC9Child(t *testing.T) {
	path, org := os.Getenv(childFile), tenancy.OrgID(os.Getenv(childOrg))
	if path == "" {
		return
	}
	st, err := sqlitefile.Open(t.Context(), path)
	mustNot(t, err)
	defer st.Close()
	tt := open(t, st)
	fmt.Println("ready")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		verb := must[int](t)(strconv.Atoi(lines.Text()))
		switch err := ownerReducing[verb].do(t.Context(), tt, org, "yan", "xia"); {
		case err == nil:
			fmt.Println("done")
		case errors.Is(err, tenancy.ErrLastOwner), errors.Is(err, tenet.ErrForbidden), errors.Is(err, tenet.ErrNotFound):
			fmt.Println("refused")
		default:
			fmt.Println(err)
		}
	}
	mustNot(t, tt.Close())
	os.Exit(0) // before the testing package prints its own
}
