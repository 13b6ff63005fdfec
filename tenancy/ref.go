package tenancy

// Kind names a record type. The set is closed.
type Kind uint8

// The kinds, and the parts of a [Ref] that each uses.
const (
	KindOrganization  Kind = iota + 1 // Org
	KindSubscription                  // Org
	KindMember                        // Org User
	KindProject                       // Org ID
	KindProjectMember                 // Org ID=project User
	KindKey                           // Org ID; the ID is unique over all organizations
	KindInvite                        // Org ID; the ID is unique over all organizations
	KindNameClaim                     // Org ID=folded name
	KindModel                         // ID; Org is empty, the catalogue is the operator's
)

var kindNames = [...]string{
	KindOrganization: "organization", KindSubscription: "subscription", KindMember: "member",
	KindProject: "project", KindProjectMember: "project_member", KindKey: "key",
	KindInvite: "invite", KindNameClaim: "name_claim", KindModel: "model",
}

// Kinds returns every kind, in order.
func Kinds() []Kind {
	ks := make([]Kind, 0, len(kindNames)-1)
	for k := KindOrganization; int(k) < len(kindNames); k++ {
		ks = append(ks, k)
	}
	return ks
}

// String is the kind's name as stored and logged, "unknown" for none of the set.
func (k Kind) String() string {
	if k == 0 || int(k) >= len(kindNames) {
		return "unknown"
	}
	return kindNames[k]
}

// ParseKind is the inverse of [Kind.String]. It returns zero for an unknown name.
func ParseKind(s string) Kind {
	for k, name := range kindNames {
		if name == s {
			return Kind(k)
		}
	}
	return 0
}

// Ref is the identity of a record: comparable, byte for byte. Parts that a kind
// has no use for are empty. A part is valid UTF-8 without NUL, at most
// [MaxRefPart] bytes.
type Ref struct {
	Kind Kind
	Org  OrgID
	ID   string
	User UserID
}

// MaxRefPart bounds each part of a Ref, in bytes.
const MaxRefPart = 255

// RefTo is a Ref whose record type the compiler knows. [ProjectRef] and its
// sisters make them.
type RefTo[T Recordable] struct{ Ref }

// Entity is a record as a value: one of the types of [Recordable], never a
// pointer to one.
type Entity interface {
	Ref() Ref
	entity()
}

// Recordable is the closed set of record types.
type Recordable interface {
	Organization | Subscription | Member | Project | ProjectMember | Key | Invite | NameClaim | Model
	Entity
}

// OrganizationRef names an organization's root record.
func OrganizationRef(o OrgID) RefTo[Organization] {
	return RefTo[Organization]{Ref{Kind: KindOrganization, Org: o}}
}

// SubscriptionRef names an organization's subscription.
func SubscriptionRef(o OrgID) RefTo[Subscription] {
	return RefTo[Subscription]{Ref{Kind: KindSubscription, Org: o}}
}

// MemberRef names a user's place on an organization's roster.
func MemberRef(o OrgID, u UserID) RefTo[Member] {
	return RefTo[Member]{Ref{Kind: KindMember, Org: o, User: u}}
}

// ProjectRef names a project.
func ProjectRef(o OrgID, p ProjectID) RefTo[Project] {
	return RefTo[Project]{Ref{Kind: KindProject, Org: o, ID: string(p)}}
}

// ProjectMemberRef names a user's place in a project.
func ProjectMemberRef(o OrgID, p ProjectID, u UserID) RefTo[ProjectMember] {
	return RefTo[ProjectMember]{Ref{Kind: KindProjectMember, Org: o, ID: string(p), User: u}}
}

// KeyRef names a key.
func KeyRef(o OrgID, k KeyID) RefTo[Key] {
	return RefTo[Key]{Ref{Kind: KindKey, Org: o, ID: string(k)}}
}

// InviteRef names an invite.
func InviteRef(o OrgID, i InviteID) RefTo[Invite] {
	return RefTo[Invite]{Ref{Kind: KindInvite, Org: o, ID: string(i)}}
}

// NameClaimRef names the claim on a folded name, as [Fold] returns it.
func NameClaimRef(o OrgID, folded string) RefTo[NameClaim] {
	return RefTo[NameClaim]{Ref{Kind: KindNameClaim, Org: o, ID: folded}}
}

// ModelRef names a model of the catalogue.
func ModelRef(m ModelID) RefTo[Model] {
	return RefTo[Model]{Ref{Kind: KindModel, ID: string(m)}}
}
