package accesstest

import (
	"strings"
	"time"

	"example.com/tenet/tenancy"
)

// Key is a key of a world, to say more of. Its methods return it.
type Key struct {
	project *Project
	id      tenancy.KeyID
	name    string
}

// Key adds a service key to the project. It may call all that the project may, unless
// [Key.Only] narrows it. Tables name it by its name or, where others share
// that, by project and name, as "acme/web/ci".
func (p *Project) Key(name string) *Key {
	p.org.w.tb().Helper()
	k := p.key(name)
	next := k.minted(tenancy.KeyService, p.author())
	k.add(k.say("")(), next)
	return k
}

// PersonalKey adds a key that works while its holder may call models in the project. See
// [Project.Key].
func (p *Project) PersonalKey(name, holder string) *Key {
	p.org.w.tb().Helper()
	k := p.key(name)
	statement := p.say("PersonalKey")(name, holder)
	if stay, ok := p.org.stay(statement, holder); ok {
		next := k.minted(tenancy.KeyPersonal, stay.User)
		next.Holder, next.Membership = stay.User, stay.Membership
		k.add(statement, next)
	}
	return k
}

func (p *Project) key(name string) *Key { return &Key{p, keyID(p.id, name), name} }

// author is who is taken to have made what has no holder: an owner of the organization.
func (p *Project) author() tenancy.UserID {
	for _, owner := range p.org.root().Owners {
		return owner
	}
	return "operator"
}

// minted is the key as it was made.
func (k *Key) minted(kind tenancy.KeyKind, by tenancy.UserID) tenancy.Key {
	at := k.project.org.w.tick()
	return tenancy.Key{
		Org: k.project.org.id, Project: k.project.id, ID: k.id, Kind: kind, Name: k.name, Models: tenancy.AllModels(),
		Current: tenancy.KeySecret{
			Digest: tenancy.Digest(sum("digest", string(k.id))), Seal: tenancy.Digest(sum("seal", string(k.id))),
			Pepper: "accesstest", MintedBy: by, Minted: at,
		},
		CreatedBy: by, Created: at,
	}
}

func (k *Key) add(statement string, next tenancy.Key) {
	w := k.project.org.w
	w.tb().Helper()
	if k.record().ID != "" {
		w.mistake(statement, "%s has a key of that name already", k.project.label())
		return
	}
	put(w, statement, next)
}

func (p *Project) label() string { return p.org.name + "/" + p.name }

// FindKey returns a key that is there, by name, by project and name, or by id.
func (w *World) FindKey(name string) *Key {
	w.tb().Helper()
	names := w.named()
	id, problem := names.keys.find(name)
	if problem != "" {
		w.mistake(call("FindKey", name), "%s", problem)
		return (&Project{org: &Org{w: w}}).key(name)
	}
	p := w.FindProject(string(names.projectOf[id]))
	return &Key{p, id, strings.TrimPrefix(names.keys.label(id), p.label()+"/")}
}

// ID is the key's id.
func (k *Key) ID() tenancy.KeyID { return k.id }

// say returns what writes a statement about the key.
func (k *Key) say(method string) func(words ...string) string {
	return func(words ...string) string {
		key := call("Key", k.project.label()+"/"+k.name)
		if method == "" {
			return key
		}
		return key + "." + call(method, words...)
	}
}

func (k *Key) record() tenancy.Key {
	return read(k.project.org.w, tenancy.KeyRef(k.project.org.id, k.id))
}

// Only narrows the key to models of the catalogue, or to [All] that the project has. It
// replaces what was said before.
func (k *Key) Only(models ...string) *Key {
	w := k.project.org.w
	w.tb().Helper()
	say := k.say("Only")
	if set, ok := w.set(say, models); ok {
		next := k.record()
		next.Models = set
		put(w, say(models...), next)
	}
	return k
}

// MintedBy says who saw the key's secret, where that is not its holder or, of a service key, an
// owner of the organization. See access.SeenSecret.
func (k *Key) MintedBy(user string) *Key {
	w := k.project.org.w
	w.tb().Helper()
	statement := k.say("MintedBy")(user)
	if stay, ok := k.project.org.stay(statement, user); ok {
		next := k.record()
		next.Current.MintedBy = stay.User
		put(w, statement, next)
	}
	return k
}

// Expires says when the key ends, counted from the time of the world: from 0 down it is over.
func (k *Key) Expires(in time.Duration) *Key {
	w := k.project.org.w
	w.tb().Helper()
	next := k.record()
	next.Expires = tenancy.Instant(w.clock().Add(in))
	put(w, k.say("Expires")(in.String()), next)
	return k
}

// Revoked says that the key was revoked.
func (k *Key) Revoked() *Key {
	w := k.project.org.w
	w.tb().Helper()
	put(w, k.say("Revoked")(), k.record().Revoke(w.tick()))
	return k
}
