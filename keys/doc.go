// Package keys makes, reads and verifies the secrets of a tenancy: API keys and
// invites. It turns a random secret into a token that is shown once and into a
// digest that is stored, and says later whether a token is the one that the
// digest was made of.
//
// It is not a store and not a policy. It judges whether a secret is a key's and
// still live; whether the key is revoked or expired, and what it may call, is
// for package access to say. It keeps nothing and looks nothing up.
//
// # A token
//
//	acme_live_k1_4kTz0QmXc7Ra_9vJ…30 characters…wLs2Hq0aB
//	└brand┘└env┘└kind┘└── id ──┘ └───── secret ────┘└checksum┘
//
// A [Format] fixes brand and env, so every token of it has the same length, and
// garbage is refused by its length before anything else is read. The id is not
// secret: a record is found by it. The secret is 30 base62 characters (178
// bits). The checksum is a CRC-32 over all before it, for scanners and for
// refusing garbage without a look-up; it is not security.
//
// # Digests and seals
//
// The central idea is that a stolen database lets nobody in, and that an edited
// row lets nobody in either. What is stored of a secret is a digest under a
// [Pepper], a key that the database does not hold, and a seal, which binds that
// digest to its key, organization, project, kind and holder:
//
//	digest = HMAC-SHA-256(pepper, "tenet/key/v1" ‖ id ‖ secret)
//	seal   = HMAC-SHA-256(pepper, "tenet/row/v1" ‖ id ‖ org ‖ project ‖ kind ‖ membership ‖ digest)
//
// In a digest the id is the token's 12 characters. In a seal it is the record's,
// prefix included, and each part follows its length as 32 bits, big-endian.
//
// # Keys of other systems
//
// A system that stores the SHA-256 of its tokens can hand its keys over
// ([SHA256Hex]): an [Import] is such a hash, and [Peppers.Import] makes a key of it,
// whose secret is digested in a domain of its own:
//
//	id     = the first 71 bits of the hash, as 12 base62 digits
//	digest = HMAC-SHA-256(pepper, "tenet/import/v1" ‖ hash)
//
// [Format.ParseForeign] and [Peppers.VerifyForeign] verify the token that the hash
// is of. They take no token that begins as a native one, and no digest of one domain
// is one of another, so a token is judged in one way only. The hash itself verifies
// nothing: it stands in the other system's database. Rotating such a key mints a
// native secret under the same id.
//
// # Use
//
//	peppers, err := keys.NewPeppers(newest, older)
//	format, err := keys.NewFormat("acme", "live")
//	minter := keys.Minter{Format: format, Peppers: peppers}
//	key, secret, err := minter.Mint(key, user, now) // store key, show secret.Reveal() once
//
//	token, err := format.Parse(text)               // ErrMalformed
//	match := peppers.Verify(&key, token, now)      // on a key for which Sealed was true
//
// # Purity and concurrency
//
// There is no clock and no goroutine that outlives a call; randomness is an
// io.Reader. [Format], [Pepper] and [*Peppers] are immutable and may be used
// from any goroutine at once. Verifying takes no lock and does not allocate.
//
// # Secrets stay put
//
// [Secret], [Token], [InviteToken], [ForeignToken], [Import], [Pepper] and [Peppers]
// hide themselves from fmt (every verb), encoding/json, encoding.TextMarshaler's
// users and log/slog, also inside an unexported field. [Secret.Reveal] is the one way
// out.
//
// # Errors
//
// [ErrMalformed] is the one answer to text that is no token. [ErrEnded] and
// [tenancy.ErrRotationOpen] refuse a rotation. [ErrRandomness] is a source that
// failed. A value outside its bounds is a [*tenancy.FieldError]. No error
// carries text that a caller supplied, a secret or a digest.
package keys
