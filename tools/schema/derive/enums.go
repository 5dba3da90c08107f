package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"log"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
)

// readEnums finds the string types marked "+enum" below root and the values
// of their constants; module is the import path of root.
func readEnums(root, module string, into map[string][]string) {
	err := filepath.WalkDir(root, func(p string, d os.DirEntry, err error) error {
		if err != nil || !d.IsDir() || d.Name() == "testdata" {
			return err
		}
		rel, _ := filepath.Rel(root, p)
		readPackageEnums(p, filepath.ToSlash(filepath.Join(module, rel)), into)
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
}

func readPackageEnums(dir, pkg string, into map[string][]string) {
	files, _ := filepath.Glob(filepath.Join(dir, "types*.go"))
	var decls []*ast.GenDecl
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			log.Fatal(err)
		}
		for _, d := range f.Decls {
			if g, ok := d.(*ast.GenDecl); ok {
				decls = append(decls, g)
			}
		}
	}
	marked := map[string]bool{}
	for _, g := range decls {
		markEnums(g, marked)
	}
	for _, g := range decls {
		if g.Tok == token.CONST {
			addConstants(g, pkg, marked, into)
		}
	}
	for t := range marked {
		sort.Strings(into[pkg+"."+t])
	}
}

func hasEnumMark(c *ast.CommentGroup) bool {
	if c == nil {
		return false
	}
	for _, l := range c.List {
		if strings.TrimSpace(strings.TrimPrefix(l.Text, "//")) == "+enum" {
			return true
		}
	}
	return false
}

func markEnums(g *ast.GenDecl, marked map[string]bool) {
	for _, s := range g.Specs {
		t, ok := s.(*ast.TypeSpec)
		if ok && (hasEnumMark(g.Doc) || hasEnumMark(t.Doc)) {
			marked[t.Name.Name] = true
		}
	}
}

func addConstants(g *ast.GenDecl, pkg string, marked map[string]bool, into map[string][]string) {
	for _, s := range g.Specs {
		v := s.(*ast.ValueSpec)
		id, ok := v.Type.(*ast.Ident)
		if !ok || !marked[id.Name] {
			continue
		}
		for _, x := range v.Values {
			lit, ok := x.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				continue
			}
			text, err := strconv.Unquote(lit.Value)
			if err == nil && text != "" && !strings.ContainsAny(text, " \t") {
				into[pkg+"."+id.Name] = append(into[pkg+"."+id.Name], text)
			}
		}
	}
}
