package lambda

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// This file defines the API that the SDK speaks. What it does not have is answered by 404 UnknownOperationException.

// ServeHTTP implements [http.Handler].
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.api.ServeHTTP(w, r) }

func (s *Service) newAPI() *http.ServeMux {
	mux := http.NewServeMux()
	for pattern, f := range map[string]func(http.ResponseWriter, *http.Request) error{
		"POST /2015-03-31/functions/{name}/invocations":  s.serveInvoke,
		"GET /2015-03-31/functions/{name}":               s.serveFunction,
		"GET /2015-03-31/functions/{name}/configuration": s.serveConfiguration,
		"GET /2015-03-31/functions/{name}/versions":      s.serveVersions,
		"GET /2015-03-31/functions/{name}/aliases/{q}":   s.serveAlias,
		"GET /2015-03-31/functions":                      s.serveFunctions,
		"GET /2015-03-31/functions/{$}":                  s.serveFunctions,
		"DELETE /2015-03-31/functions/{name}":            s.serveDelete,
		"/": func(http.ResponseWriter, *http.Request) error {
			return &Error{Status: 404, Code: "UnknownOperationException", Msg: "the local cloud does not have this operation of Lambda"}
		},
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Amzn-Requestid", NewID())
			if err := f(w, r); err != nil {
				fail(w, err)
			}
		})
	}
	return mux
}

func fail(w http.ResponseWriter, err error) {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		e = &Error{Status: 500, Code: "ServiceException", Msg: err.Error()}
	}
	w.Header().Set("X-Amzn-Errortype", e.Code)
	body := map[string]string{"Type": "User", "Message": e.Msg}
	if e.Reason != "" {
		body["Reason"] = e.Reason
		w.Header().Set("Retry-After", "1")
	}
	writeError(w, e.Status, body)
}

func writeError(w http.ResponseWriter, status int, body map[string]string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}

func writeResult(w http.ResponseWriter, v any) error {
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(v)
}

func (s *Service) serveInvoke(w http.ResponseWriter, r *http.Request) error {
	payload, err := io.ReadAll(io.LimitReader(r.Body, MaxSync+1))
	if err != nil {
		return err
	}
	in := Invocation{Function: r.PathValue("name"), Qualifier: r.URL.Query().Get("Qualifier"), Payload: payload, ID: w.Header().Get("X-Amzn-Requestid")}
	switch typ := r.Header.Get("X-Amz-Invocation-Type"); typ {
	case "", "RequestResponse":
		res, err := s.Invoke(r.Context(), in)
		if err != nil {
			return err
		}
		return writeInvoked(w, res, r.Header.Get("X-Amz-Log-Type") == "Tail")
	case "Event":
		if err := s.InvokeAsync(in); err != nil {
			return err
		}
		w.WriteHeader(http.StatusAccepted)
	case "DryRun":
		if _, err := s.check(&in, MaxSync); err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
	default:
		return invalid("Value '%s' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]", typ)
	}
	return nil
}

func writeInvoked(w http.ResponseWriter, res *Result, tail bool) error {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(res.Payload)))
	h.Set("X-Amz-Executed-Version", res.Version)
	if res.Failed {
		h.Set("X-Amz-Function-Error", "Unhandled")
	}
	if tail {
		h.Set("X-Amz-Log-Result", base64.StdEncoding.EncodeToString(res.Tail))
	}
	w.Write(res.Payload) // whoever does not read it does not want it
	return nil
}

// describe returns the configuration of a version as the API shows it.
func (s *Service) describe(v *version, qualifier string) map[string]any {
	return map[string]any{
		"FunctionName": v.Name, "FunctionArn": s.arn(v.Name, qualifier), "Version": v.Number,
		"Runtime": "provided.al2023", "Handler": "bootstrap", "PackageType": "Zip",
		"MemorySize": v.Memory, "Timeout": int(v.Timeout.Seconds()), "Environment": map[string]any{"Variables": v.Env},
		"CodeSha256": v.SHA256, "CodeSize": v.size, "LastModified": v.Created.UTC().Format("2006-01-02T15:04:05.000+0000"),
		"State": "Active", "LastUpdateStatus": "Successful",
		"LoggingConfig": map[string]string{"LogFormat": "JSON", "LogGroup": v.LogGroup},
	}
}

func (s *Service) serveFunction(w http.ResponseWriter, r *http.Request) error {
	v, e := s.lookup(r.PathValue("name"), r.URL.Query().Get("Qualifier"))
	if e != nil {
		return e
	}
	out := map[string]any{
		"Configuration": s.describe(v, r.URL.Query().Get("Qualifier")),
		"Code":          map[string]string{"RepositoryType": "S3", "Location": "file://" + v.exe()},
	}
	if v.Concurrency > 0 {
		out["Concurrency"] = map[string]int{"ReservedConcurrentExecutions": v.Concurrency}
	}
	return writeResult(w, out)
}

func (s *Service) serveConfiguration(w http.ResponseWriter, r *http.Request) error {
	v, e := s.lookup(r.PathValue("name"), r.URL.Query().Get("Qualifier"))
	if e != nil {
		return e
	}
	return writeResult(w, s.describe(v, r.URL.Query().Get("Qualifier")))
}

func (s *Service) serveVersions(w http.ResponseWriter, r *http.Request) error {
	if _, e := s.lookup(r.PathValue("name"), ""); e != nil {
		return e
	}
	name, _ := splitName(r.PathValue("name"))
	var all []*version
	s.mu.Lock()
	if f := s.functions[name]; f != nil {
		for _, v := range f.versions {
			all = append(all, v)
		}
	}
	s.mu.Unlock()
	slices.SortFunc(all, func(a, b *version) int { return cmp.Compare(a.order(), b.order()) })
	return s.writePage(w, r, "Versions", all)
}

// order puts $LATEST before the numbers.
func (v *version) order() int {
	n, _ := strconv.Atoi(v.Number)
	return n
}

func (s *Service) serveFunctions(w http.ResponseWriter, r *http.Request) error {
	var all []*version
	s.mu.Lock()
	for _, f := range s.functions {
		all = append(all, f.versions[Latest])
	}
	s.mu.Unlock()
	slices.SortFunc(all, func(a, b *version) int { return strings.Compare(a.Name, b.Name) })
	return s.writePage(w, r, "Functions", all)
}

// writePage answers with at most MaxItems of the list after the first Marker ones.
func (s *Service) writePage(w http.ResponseWriter, r *http.Request, field string, all []*version) error {
	from, _ := strconv.Atoi(r.URL.Query().Get("Marker"))
	size, err := strconv.Atoi(r.URL.Query().Get("MaxItems"))
	if err != nil || size < 1 || size > 50 {
		size = 50
	}
	from = min(max(from, 0), len(all))
	to := min(from+size, len(all))
	page := []any{}
	for _, v := range all[from:to] {
		page = append(page, s.describe(v, v.Number))
	}
	out := map[string]any{field: page}
	if to < len(all) {
		out["NextMarker"] = strconv.Itoa(to)
	}
	return writeResult(w, out)
}

func (s *Service) serveAlias(w http.ResponseWriter, r *http.Request) error {
	name, _ := splitName(r.PathValue("name"))
	alias := r.PathValue("q")
	v, e := s.lookup(name, alias)
	if e != nil {
		return e
	}
	return writeResult(w, map[string]string{"AliasArn": s.arn(name, alias), "Name": alias, "FunctionVersion": v.Number, "RevisionId": v.SHA256})
}

func (s *Service) serveDelete(w http.ResponseWriter, r *http.Request) error {
	name, q := splitName(r.PathValue("name"))
	if e := s.delete(name, cmp.Or(r.URL.Query().Get("Qualifier"), q)); e != nil {
		return e
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
