package keys_test

import (
	"fmt"
	"time"

	"example.com/tenet/keys"
	"example.com/tenet/tenancy"
)

// A host reads its pepper from a file of its own, mints a key, shows the secret
// once, keeps the record, and verifies what a caller presents later.
func Example() {
	pepper, err := keys.NewPepper("2026-01", []byte("read 32 random bytes from a file!"))
	if err != nil {
		panic(err)
	}
	peppers, err := keys.NewPeppers(pepper)
	if err != nil {
		panic(err)
	}
	format, err := keys.NewFormat("acme", "live")
	if err != nil {
		panic(err)
	}
	minter := keys.Minter{Format: format, Peppers: peppers}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

	key, secret, err := minter.Mint(tenancy.Key{
		Org:       "org_01J0000000000000000000000A",
		Project:   "proj_01J0000000000000000000000B",
		Kind:      tenancy.KeyService,
		Name:      "nightly batch",
		Models:    tenancy.AllModels(),
		CreatedBy: "ann",
		Created:   now,
	}, "ann", now)
	if err != nil {
		panic(err)
	}
	shown := secret.Reveal() // for the one response that shows it
	fmt.Println("in a log:", secret)

	token, err := format.Parse(shown)
	if err != nil {
		panic(err)
	}
	fmt.Println("same id:", token.ID() == key.ID)
	fmt.Println("sealed:", peppers.Sealed(key))
	fmt.Println("verifies:", peppers.Verify(&key, token, now).OK)

	_, err = format.Parse(shown[:len(shown)-1])
	fmt.Println("cut short:", err)
	// Output:
	// in a log: [hidden]
	// same id: true
	// sealed: true
	// verifies: true
	// cut short: keys: malformed token
}

// A rotation keeps the id; the replaced secret lives on for the grace.
func ExampleMinter_Rotate() {
	peppers, err := keys.NewPeppers(exampleKey.pepper)
	if err != nil {
		panic(err)
	}
	minter := keys.Minter{Format: exampleKey.format, Peppers: peppers}
	now := exampleKey.record.Created
	key, old, err := minter.Mint(exampleKey.record, "ann", now)
	if err != nil {
		panic(err)
	}
	key, _, err = minter.Rotate(key, "ann", now, keys.Rotation{Grace: 24 * time.Hour})
	if err != nil {
		panic(err)
	}
	token, err := exampleKey.format.Parse(old.Reveal())
	if err != nil {
		panic(err)
	}
	fmt.Println("within the grace:", peppers.Verify(&key, token, now.Add(23*time.Hour)).OK)
	fmt.Println("after it:", peppers.Verify(&key, token, now.Add(24*time.Hour)).OK)
	// Output:
	// within the grace: true
	// after it: false
}

// A key of another system is brought along by the hash that it keeps, and works with the
// token that its users have.
func ExamplePeppers_Import() {
	peppers, err := keys.NewPeppers(exampleKey.pepper)
	if err != nil {
		panic(err)
	}
	hash, err := keys.ParseImport("2324eee0fd63846a576af1d6fdea1d9d42f7b150e17de9f4821b3b9f2ef6e219")
	if err != nil {
		panic(err)
	}
	now := exampleKey.record.Created
	key, err := peppers.Import(exampleKey.record, hash, "ops", now)
	if err != nil {
		panic(err)
	}
	token, err := exampleKey.format.ParseForeign("sk-Zm9yZWlnbi10b2tlbi1vZi1hLWdhdGV3YXk")
	if err != nil {
		panic(err)
	}
	fmt.Println(token.ID() == key.ID)
	fmt.Println(peppers.VerifyForeign(&key, token, now).OK)
	// Output:
	// true
	// true
}

// exampleKey is what the first example makes, for the second.
var exampleKey = struct {
	pepper keys.Pepper
	format keys.Format
	record tenancy.Key
}{
	pepper: must(keys.NewPepper("2026-01", pepperBytes(0))),
	format: must(keys.NewFormat("acme", "live")),
	record: tenancy.Key{Org: org, Project: project, Kind: tenancy.KeyService, Name: "nightly batch",
		Models: tenancy.AllModels(), CreatedBy: "ann", Created: now},
}
