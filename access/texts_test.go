package access_test

import (
	"testing"

	"example.com/tenet/access"
)

// What hosts store and send is spelt as it always was.
func TestTextsAreStored(t *testing.T) {
	for got, want := range map[access.Action]string{
		access.SeeProject: "see_project", access.SeeArchived: "see_archived", access.CallModel: "call_model",
		access.CreateKey: "create_key", access.EditKey: "edit_key", access.RotateKey: "rotate_key",
		access.RevokeKey: "revoke_key", access.ListKeys: "list_keys", access.SeeUsage: "see_usage",
		access.SeePeople: "see_people", access.SeeEmails: "see_emails", access.ChangePeople: "change_people",
		access.ChangeModels: "change_models", access.LowerLimits: "lower_limits", access.RenameProject: "rename_project",
		access.ArchiveProject: "archive_project", access.RestoreProject: "restore_project", access.SeeAudit: "see_audit",
		access.LeaveProject: "leave_project", access.ListRoster: "list_roster", access.SeeOrganization: "see_organization",
		access.CreateProject: "create_project", access.ManageInvites: "manage_invites", access.ManageRoster: "manage_roster",
		access.SeeOrgUsage: "see_organization_usage", access.SeeOrgAudit: "see_organization_audit",
		access.SeeSettings: "see_settings", access.ChangeSettings: "change_settings",
	} {
		if string(got) != want {
			t.Errorf("action %q, want %q", got, want)
		}
	}
	for got, want := range map[access.Whose]string{access.Own: "own", access.Service: "service", access.Others: "others"} {
		if string(got) != want {
			t.Errorf("whose %q, want %q", got, want)
		}
	}
	for got, want := range map[access.Source]string{access.FromOrganization: "organization", access.FromProject: "project"} {
		if string(got) != want {
			t.Errorf("source %q, want %q", got, want)
		}
	}
}
