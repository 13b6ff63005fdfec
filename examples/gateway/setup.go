package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"example.com/tenet"
	"example.com/tenet/keys"
	"example.com/tenet/tenancy"
)

// The people of the example organization.
const (
	owner  tenancy.UserID = "olivia" // owns the organization
	member tenancy.UserID = "marco"  // on its roster, and a member of prod
)

// firstStart is what was made, and can be shown only now.
type firstStart struct {
	org               tenancy.OrgID
	prod, experiments tenancy.Project
	prodKey, expKey   keys.Secret
	marcoKey          keys.Secret
	chat, chatOther   tenancy.ModelID // callable in prod, and in experiments
}

// organization is the one that the example serves.
func (g *gateway) organization(ctx context.Context) (tenancy.OrgID, error) {
	orgs, err := g.tenet.As(owner).Organizations(ctx)
	if err != nil || len(orgs) == 0 {
		return "", err
	}
	return orgs[0].ID, nil
}

// setUp brings the catalogue up to what the upstream serves, and at the first
// start makes an organization with two projects and their keys.
func (g *gateway) setUp(ctx context.Context, target *url.URL) error {
	models, err := g.upstreamModels(ctx, target)
	if err != nil {
		return fmt.Errorf("listing the upstream's models: %w", err)
	}
	op := g.tenet.Operator(operator)
	for _, m := range models {
		if err := op.PutModel(ctx, tenancy.Model{ID: m, Public: true, Prices: prices(m)}); err != nil {
			return fmt.Errorf("model %q of the upstream: %w", m, err)
		}
	}
	if org, err := g.organization(ctx); org != "" || err != nil {
		return err
	}
	g.first, err = g.makeOrganization(ctx, models)
	return err
}

func (g *gateway) makeOrganization(ctx context.Context, models []tenancy.ModelID) (*firstStart, error) {
	op, boss := g.tenet.Operator(operator), g.tenet.As(owner)
	org, err := op.CreateOrganization(ctx, tenet.NewOrganization{
		Name: "Example", TimeZone: "Europe/Berlin", Currency: "EUR",
		Owner: tenet.NewMember{User: owner, Name: "Olivia"},
		Plan:  "everything", Models: tenancy.AllModels(),
	})
	if err != nil {
		return nil, err
	}
	if _, err := op.AddMember(ctx, org.ID, tenet.NewMember{User: member, Name: "Marco"}); err != nil {
		return nil, err
	}
	f := &firstStart{org: org.ID}
	inProd, inExperiments := tenancy.AllModels(), tenancy.AllModels()
	f.chat, f.chatOther = models[0], models[0]
	if g.config.upstream == "" {
		inProd, inExperiments = tenancy.Models(modelSmall, modelEmbed), tenancy.Models(modelLarge, modelEmbed)
		f.chat, f.chatOther = modelSmall, modelLarge
		if err := op.PutModel(ctx, tenancy.Model{ID: modelAlias, Alias: modelSmall}); err != nil {
			return nil, err
		}
	}
	if f.prod, err = boss.CreateProject(ctx, org.ID, tenet.NewProject{Name: "prod", Models: inProd}); err != nil {
		return nil, err
	}
	if f.experiments, err = boss.CreateProject(ctx, org.ID, tenet.NewProject{Name: "experiments", Models: inExperiments}); err != nil {
		return nil, err
	}
	if err := boss.SetProjectMember(ctx, org.ID, f.prod.ID, member, tenancy.RoleMember); err != nil {
		return nil, err
	}
	return f, g.makeKeys(ctx, f)
}

func (g *gateway) makeKeys(ctx context.Context, f *firstStart) (err error) {
	service := tenet.NewKey{Name: "backend", Kind: tenancy.KeyService, Models: tenancy.AllModels()}
	personal := tenet.NewKey{Name: "laptop", Kind: tenancy.KeyPersonal, Models: tenancy.AllModels()}
	if _, f.prodKey, err = g.tenet.As(owner).CreateKey(ctx, f.org, f.prod.ID, service); err != nil {
		return err
	}
	if _, f.expKey, err = g.tenet.As(owner).CreateKey(ctx, f.org, f.experiments.ID, service); err != nil {
		return err
	}
	_, f.marcoKey, err = g.tenet.As(member).CreateKey(ctx, f.org, f.prod.ID, personal)
	return err
}

// prices are made up: 0.15 and 0.60 for a million tokens.
func prices(tenancy.ModelID) []tenancy.Price {
	return []tenancy.Price{
		{Unit: tenancy.UnitInput, Currency: "EUR", Nano: 150},
		{Unit: tenancy.UnitOutput, Currency: "EUR", Nano: 600},
	}
}

// upstreamModels asks the upstream what it serves.
func (g *gateway) upstreamModels(ctx context.Context, target *url.URL) ([]tenancy.ModelID, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.JoinPath("/v1/models").String(), nil)
	if err != nil {
		return nil, err
	}
	if g.upstreamKey != "" {
		req.Header.Set("Authorization", "Bearer "+g.upstreamKey)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	var list struct {
		Data []struct {
			ID tenancy.ModelID `json:"id"`
		} `json:"data"`
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, 8<<20)).Decode(&list); err != nil {
		return nil, fmt.Errorf("answer of status %d is no list: %w", res.StatusCode, err)
	}
	var ids []tenancy.ModelID
	for _, m := range list.Data {
		if id, err := tenancy.ParseModelID(string(m.ID)); err == nil {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("no model in an answer of status %d", res.StatusCode)
	}
	return ids, nil
}

// welcome says where things are and how to begin.
func (g *gateway) welcome(w io.Writer) {
	fmt.Fprintf(w, "gateway on %s, data in %s\n", g.base, g.data)
	g.showKeys(w)
	if f := g.first; f != nil {
		fmt.Fprintf(w, `
Try it:

  curl %s/v1/chat/completions -H 'Authorization: Bearer %s' \
    -H 'Content-Type: application/json' -d '{"model":"%s","messages":[{"role":"user","content":"Hello"}]}'

  curl %s/v1/models -H 'Authorization: Bearer %s'
`, g.base, f.prodKey.Reveal(), f.chat, g.base, f.expKey.Reveal())
	}
	fmt.Fprintf(w, `
The console, as Olivia (owner), as Marco (member), and as the operator:

  curl %[1]s/console/usage -H 'Authorization: Bearer %[2]s'
  curl %[1]s/console/projects -H 'Authorization: Bearer %[3]s'
  curl %[1]s/operator/subscription -X PUT -H 'Authorization: Bearer %[4]s' -d '{"plan":"everything","models":"all"}'

`, g.base, g.logins.token(owner), g.logins.token(member), g.logins.token(operator))
}

// showKeys prints the keys at the first start. Afterwards nobody has them, the gateway
// included.
func (g *gateway) showKeys(w io.Writer) {
	f := g.first
	if f == nil {
		fmt.Fprintf(w, "\nThe keys were printed at the first start and are kept nowhere. Remove the folder to begin again,\nor make another key with the console.\n")
		return
	}
	fmt.Fprintf(w, `
Organization %s with two projects. Their keys, shown this once:

  prod         %s   (service)
  prod         %s   (Marco's own)
  experiments  %s   (service)
`, f.org, f.prodKey.Reveal(), f.marcoKey.Reveal(), f.expKey.Reveal())
}
