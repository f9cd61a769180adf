package manifests

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// special are the types whose JSON form their Go form does not show. The lists
// of words are those of the kinds' schemas, which Go's types leave open.
var special = map[reflect.Type]shape{
	reflect.TypeFor[metav1.Time]():                    timestamp,
	reflect.TypeFor[metav1.MicroTime]():               timestamp,
	reflect.TypeFor[metav1.Duration]():                duration,
	reflect.TypeFor[metav1.FieldsV1]():                anything{},
	reflect.TypeFor[intstr.IntOrString]():             scalar{want: "a whole number or text", tags: []string{"!!int", "!!str"}},
	reflect.TypeFor[resource.Quantity]():              scalar{want: "a quantity", tags: []string{"!!str", "!!int", "!!float"}, hint: "write it as 100m, 0.5 or 64Mi", valid: isQuantity},
	reflect.TypeFor[gatewayv1.Duration]():             gatewayDuration,
	reflect.TypeFor[corev1.Protocol]():                oneOf{"TCP", "UDP", "SCTP"},
	reflect.TypeFor[corev1.ServiceType]():             oneOf{"ClusterIP", "NodePort", "LoadBalancer", "ExternalName"},
	reflect.TypeFor[corev1.PullPolicy]():              oneOf{"Always", "IfNotPresent", "Never"},
	reflect.TypeFor[corev1.RestartPolicy]():           oneOf{"Always", "OnFailure", "Never"},
	reflect.TypeFor[corev1.ServiceAffinity]():         oneOf{"ClientIP", "None"},
	reflect.TypeFor[appsv1.DeploymentStrategyType]():  oneOf{"RollingUpdate", "Recreate"},
	reflect.TypeFor[gatewayv1.PathMatchType]():        oneOf{"Exact", "PathPrefix", "RegularExpression"},
	reflect.TypeFor[gatewayv1.HeaderMatchType]():      oneOf{"Exact", "RegularExpression"},
	reflect.TypeFor[gatewayv1.QueryParamMatchType]():  oneOf{"Exact", "RegularExpression"},
	reflect.TypeFor[gatewayv1.HTTPPathModifierType](): oneOf{"ReplaceFullPath", "ReplacePrefixMatch"},
	reflect.TypeFor[gatewayv1.FromNamespaces]():       oneOf{"All", "Selector", "Same", "None"},
	reflect.TypeFor[gatewayv1.HTTPMethod](): oneOf{
		"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
	},
	reflect.TypeFor[gatewayv1.HTTPRouteFilterType](): oneOf{
		"RequestHeaderModifier", "ResponseHeaderModifier", "RequestMirror", "RequestRedirect",
		"URLRewrite", "CORS", "ExternalAuth", "ExtensionRef",
	},
}

// gatewayDuration is narrower than Go's durations: no fractions, no signs
// (GEP-2257).
var gatewayDuration = scalar{
	want: "a duration", tags: []string{"!!str"}, hint: "write it as 500ms, 5s or 1m30s",
	valid: regexp.MustCompile(`^([0-9]{1,5}(h|m|s|ms)){1,4}$`).MatchString,
}

func isQuantity(value string) bool {
	_, err := resource.ParseQuantity(value)
	return err == nil
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// goShape describes a Go type by its JSON tags.
func goShape(t reflect.Type) shape {
	if t.Kind() == reflect.Pointer {
		return goShape(t.Elem())
	}
	if s, ok := special[t]; ok {
		return s
	}
	if reflect.PointerTo(t).Implements(unmarshaler) {
		return anything{}
	}
	switch t.Kind() {
	case reflect.Struct:
		return structShape(t)
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 {
			return text
		}
		return list{goShape(t.Elem())}
	case reflect.Map:
		return mapOf{goShape(t.Elem())}
	case reflect.String:
		return text
	case reflect.Bool:
		return boolean
	case reflect.Float32, reflect.Float64:
		return number
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Int:
		return integer(t.Bits(), true)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uint:
		return integer(t.Bits(), false)
	}
	return anything{}
}

func structShape(t reflect.Type) shape {
	return fields{
		find: func(name string) (shape, string) {
			if found := jsonField(t, name); found != nil {
				return goShape(found), ""
			}
			return nil, ""
		},
		names: func() []string { return jsonNames(t) },
	}
}

// jsonField returns the type of the field that JSON calls name, or nil.
func jsonField(t reflect.Type, name string) reflect.Type {
	for field := range fieldsOf(t) {
		tag, inline := jsonName(field)
		if inline {
			if found := jsonField(field.Type, name); found != nil {
				return found
			}
		} else if tag == name {
			return field.Type
		}
	}
	return nil
}

func jsonNames(t reflect.Type) []string {
	var names []string
	for field := range fieldsOf(t) {
		tag, inline := jsonName(field)
		if inline {
			names = append(names, jsonNames(field.Type)...)
		} else {
			names = append(names, tag)
		}
	}
	return names
}

// fieldsOf yields the fields of t that JSON sees.
func fieldsOf(t reflect.Type) func(yield func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			field := t.Field(i)
			if !field.IsExported() || field.Tag.Get("json") == "-" {
				continue
			}
			if !yield(field) {
				return
			}
		}
	}
}

func jsonName(field reflect.StructField) (name string, inline bool) {
	name, _, _ = strings.Cut(field.Tag.Get("json"), ",")
	if name == "" && field.Anonymous {
		return "", true
	}
	if name == "" {
		name = field.Name
	}
	return name, false
}
