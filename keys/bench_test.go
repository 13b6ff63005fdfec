package keys_test

import (
	"strings"
	"testing"

	"example.com/tenet/keys"
	"example.com/tenet/tenancy"
)

func BenchmarkParse(b *testing.B) {
	w := newWorld(b)
	_, secret := w.mint(w.personal())
	token := secret.Reveal()
	b.ReportAllocs()
	for b.Loop() {
		if t, err := w.format.Parse(token); err != nil || t.IDChars() == "" {
			b.Fatal(err)
		}
	}
}

func BenchmarkB1ParseGarbage(b *testing.B) {
	w := newWorld(b)
	garbage := strings.Repeat("x", 10<<20)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.format.Parse(garbage); err == nil {
			b.Fatal("parsed")
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	w := newWorld(b)
	key, secret := w.mint(w.personal())
	_, other := w.mint(w.personal())
	right, wrong := w.parse(secret.Reveal()), w.parse(other.Reveal())
	for _, c := range []struct {
		name  string
		key   *tenancy.Key
		token keys.Token
	}{{"right", &key, right}, {"wrong", &key, wrong}, {"unknown", nil, right}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if m := w.peppers.Verify(c.key, c.token, now); m.OK != (c.name == "right") {
					b.Fatal(m)
				}
			}
		})
	}
}

func BenchmarkVerifyParallel(b *testing.B) {
	w := newWorld(b)
	key, secret := w.mint(w.personal())
	token := w.parse(secret.Reveal())
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if !w.peppers.Verify(&key, token, now).OK {
				b.Error("refused")
			}
		}
	})
}

func BenchmarkParseVerify(b *testing.B) {
	w := newWorld(b)
	key, secret := w.mint(w.personal())
	text := secret.Reveal()
	b.ReportAllocs()
	for b.Loop() {
		token, err := w.format.Parse(text)
		if err != nil || !w.peppers.Verify(&key, token, now).OK {
			b.Fatal("refused")
		}
	}
}

func BenchmarkParseVerifyForeign(b *testing.B) {
	w := newWorld(b)
	for name, text := range map[string]string{"short": foreignText, "longest": strings.Repeat("x", keys.MaxForeign)} {
		key := w.imports(w.peppers, w.service(), text)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				token, err := w.format.ParseForeign(text)
				if err != nil || !w.peppers.VerifyForeign(&key, token, now).OK {
					b.Fatal("refused")
				}
			}
		})
	}
}

func BenchmarkSealed(b *testing.B) {
	w := newWorld(b)
	key, _ := w.mint(w.personal())
	b.ReportAllocs()
	for b.Loop() {
		if !w.peppers.Sealed(key) {
			b.Fatal("not sealed")
		}
	}
}

func BenchmarkMint(b *testing.B) {
	w := newWorld(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := w.minter.Mint(w.personal(), "u1", now); err != nil {
			b.Fatal(err)
		}
	}
}
