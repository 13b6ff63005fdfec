package access

// Action is something that a person may want to do. The zero Action, and any
// text that is not in [Table], is allowed to nobody. A host may ask about any of
// them for its own pages; package tenet has verbs for some.
type Action string

// Actions on a project. Their subject names the project, or a key of it.
const (
	SeeProject     Action = "see_project"   // in navigation: active projects only
	SeeArchived    Action = "see_archived"  // once it is archived, with its usage
	CallModel      Action = "call_model"    // by key, or in the host's own playground
	CreateKey      Action = "create_key"    // Subject.User is whose: empty makes a service key
	EditKey        Action = "edit_key"      // rename, restrict
	RotateKey      Action = "rotate_key"    //
	RevokeKey      Action = "revoke_key"    //
	ListKeys       Action = "list_keys"     // metadata, never a secret
	SeeUsage       Action = "see_usage"     // the project's usage and activity
	SeePeople      Action = "see_people"    // names
	SeeEmails      Action = "see_emails"    //
	ChangePeople   Action = "change_people" // add, remove, change roles
	ChangeModels   Action = "change_models" // turn on and off
	LowerLimits    Action = "lower_limits"  // the project's or a key's
	RenameProject  Action = "rename_project"
	ArchiveProject Action = "archive_project"
	RestoreProject Action = "restore_project"
	SeeAudit       Action = "see_audit" // of the project
	LeaveProject   Action = "leave_project"
	ListRoster     Action = "list_roster" // ids and names, to add people from it
)

// Actions on an organization. Their subject names the organization.
const (
	SeeOrganization Action = "see_organization" // name and branding
	CreateProject   Action = "create_project"
	ManageInvites   Action = "manage_invites"
	ManageRoster    Action = "manage_roster"
	SeeOrgUsage     Action = "see_organization_usage" // and activity
	SeeOrgAudit     Action = "see_organization_audit"
	SeeSettings     Action = "see_settings"
	ChangeSettings  Action = "change_settings"
)

// ofOrganization reports whether the action may be about an organization alone.
func (a Action) ofOrganization() bool {
	switch a {
	case SeeOrganization, CreateProject, ManageInvites, ManageRoster, SeeOrgUsage, SeeOrgAudit,
		SeeSettings, ChangeSettings, ListRoster:
		return true
	}
	return false
}

// Whose says, of an action on a key, whose key it is to the person who acts. It
// is empty for every other action.
type Whose string

// The answers.
const (
	Own     Whose = "own"     // the person's own personal key
	Service Whose = "service" // a service key of the project
	Others  Whose = "others"  // somebody else's personal key
)

// Row is one line of the role table: who may do it.
type Row struct {
	Action Action
	Whose  Whose
	// By organization role, and by role in the project.
	OrgOwner, OrgMember   bool
	Owner, Member, Viewer bool
	// Archived says that who may do it may do it in an archived project too.
	Archived bool
}

const yes, no = true, false

// table is section 3 of the rules. Columns: organization owner, organization
// member; project owner, member, viewer; in an archived project too.
var table = [...]Row{
	{SeeProject, "", yes, no, yes, yes, yes, no},
	{SeeArchived, "", yes, no, yes, no, no, yes},
	{CallModel, "", yes, no, yes, yes, no, no},
	{CreateKey, Own, yes, no, yes, yes, no, no},
	{CreateKey, Service, yes, no, yes, no, no, no},
	{CreateKey, Others, no, no, no, no, no, no},
	{EditKey, Own, yes, no, yes, yes, no, no},
	{EditKey, Service, yes, no, yes, no, no, no},
	{EditKey, Others, yes, no, yes, no, no, no},
	{RotateKey, Own, yes, no, yes, yes, no, no},
	{RotateKey, Service, yes, no, yes, no, no, no},
	{RotateKey, Others, no, no, no, no, no, no},
	{RevokeKey, Own, yes, no, yes, yes, no, yes},
	{RevokeKey, Service, yes, no, yes, no, no, yes},
	{RevokeKey, Others, yes, no, yes, no, no, yes},
	{ListKeys, "", yes, no, yes, yes, yes, yes},
	{SeeUsage, "", yes, no, yes, yes, yes, yes},
	{SeePeople, "", yes, no, yes, yes, yes, yes},
	{SeeEmails, "", yes, no, yes, no, no, yes},
	{ChangePeople, "", yes, no, yes, no, no, no},
	{ChangeModels, "", yes, no, yes, no, no, no},
	{LowerLimits, "", yes, no, yes, no, no, no},
	{RenameProject, "", yes, no, yes, no, no, no},
	{ArchiveProject, "", yes, no, yes, no, no, yes},
	{RestoreProject, "", yes, no, no, no, no, yes},
	{SeeAudit, "", yes, no, yes, no, no, yes},
	{LeaveProject, "", no, no, yes, yes, yes, no},
	{ListRoster, "", yes, no, yes, no, no, no},

	{SeeOrganization, "", yes, yes, no, no, no, no},
	{CreateProject, "", yes, no, no, no, no, no},
	{ManageInvites, "", yes, no, no, no, no, no},
	{ManageRoster, "", yes, no, no, no, no, no},
	{SeeOrgUsage, "", yes, no, no, no, no, no},
	{SeeOrgAudit, "", yes, no, no, no, no, no},
	{SeeSettings, "", yes, no, no, no, no, no},
	{ChangeSettings, "", yes, no, no, no, no, no},
}

// Table returns the role table, a row for each action, or for each action and
// whose key it is about. The slice is the caller's own.
func Table() []Row { return append([]Row(nil), table[:]...) }

// rowOf returns the row of an action; the zero Row, which allows nobody, where
// there is none.
func rowOf(a Action, w Whose) Row {
	for _, r := range table {
		if r.Action == a && r.Whose == w {
			return r
		}
	}
	return Row{}
}
