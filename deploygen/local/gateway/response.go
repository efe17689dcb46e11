package gateway

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// This file defines the response that what a function returns becomes.

type response struct {
	StatusCode *int           `json:"statusCode"`
	Headers    map[string]any `json:"headers"`
	Cookies    []string       `json:"cookies"`
	Body       string         `json:"body"`
	Base64     bool           `json:"isBase64Encoded"`
}

// respond writes the response. Nothing was written if there is an error: it is not one of format 2.0.
func respond(w http.ResponseWriter, payload []byte) error {
	var fields map[string]json.RawMessage
	if json.Unmarshal(payload, &fields) != nil || fields["statusCode"] == nil {
		plain(w, payload)
		return nil
	}
	var r response
	d := json.NewDecoder(bytes.NewReader(payload))
	d.UseNumber()
	if err := d.Decode(&r); err != nil {
		return err
	}
	if r.StatusCode == nil || *r.StatusCode < 200 || *r.StatusCode > 999 {
		return errors.New("no status")
	}
	body := []byte(r.Body)
	if r.Base64 {
		var err error
		if body, err = base64.StdEncoding.DecodeString(r.Body); err != nil {
			return err
		}
	}
	h := w.Header()
	h.Set("Content-Type", "text/plain;charset=UTF-8")
	for name, value := range r.Headers {
		h.Set(name, fmt.Sprint(value))
	}
	for _, c := range r.Cookies {
		h.Add("Set-Cookie", c)
	}
	for _, name := range append(hops, "Content-Length") { // of the function's connection, which there is not
		h.Del(name)
	}
	w.WriteHeader(*r.StatusCode)
	w.Write(body)
	return nil
}

// plain writes what has no status: the JSON is the body, a string without its quotes.
func plain(w http.ResponseWriter, payload []byte) {
	w.Header().Set("Content-Type", "application/json")
	var s string
	if json.Unmarshal(payload, &s) == nil {
		payload = []byte(s)
	}
	w.Write(payload)
}
