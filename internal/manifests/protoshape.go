package manifests

import (
	"encoding/base64"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// messageShape describes a protocol buffer in its JSON form. Istio's own
// UnmarshalJSON silently drops unknown fields; in this way a misspelt "weight"
// would become a route without one. So the names are checked here against the
// message's descriptor.
//
//differential:elsewhere test manifests/TestProblemsAreAllReportedWithTheirPlaces
func messageShape(m protoreflect.MessageDescriptor) shape {
	switch m.FullName() {
	case "google.protobuf.Duration":
		return duration
	case "google.protobuf.Timestamp":
		return timestamp
	case "google.protobuf.Struct", "google.protobuf.Value", "google.protobuf.Any", "google.protobuf.ListValue":
		return anything{}
	case "google.protobuf.BoolValue", "google.protobuf.StringValue", "google.protobuf.BytesValue",
		"google.protobuf.DoubleValue", "google.protobuf.FloatValue",
		"google.protobuf.Int32Value", "google.protobuf.Int64Value",
		"google.protobuf.UInt32Value", "google.protobuf.UInt64Value":
		return singleShape(m.Fields().ByName("value"))
	}
	return fields{
		find: func(name string) (shape, string) {
			field := m.Fields().ByJSONName(name)
			if field == nil {
				return nil, ""
			}
			group := ""
			if one := field.ContainingOneof(); one != nil && !one.IsSynthetic() {
				group = string(one.Name())
			}
			return fieldShape(field), group
		},
		names: func() []string {
			names := make([]string, m.Fields().Len())
			for i := range names {
				names[i] = m.Fields().Get(i).JSONName()
			}
			return names
		},
	}
}

func fieldShape(f protoreflect.FieldDescriptor) shape {
	switch {
	case f.IsMap():
		return mapOf{singleShape(f.MapValue())}
	case f.IsList():
		return list{singleShape(f)}
	}
	return singleShape(f)
}

func singleShape(f protoreflect.FieldDescriptor) shape {
	switch f.Kind() {
	case protoreflect.MessageKind, protoreflect.GroupKind:
		return messageShape(f.Message())
	case protoreflect.EnumKind:
		values := f.Enum().Values()
		names := make(oneOf, values.Len())
		for i := range names {
			names[i] = string(values.Get(i).Name())
		}
		return names
	case protoreflect.BoolKind:
		return boolean
	case protoreflect.StringKind:
		return text
	case protoreflect.BytesKind:
		return scalar{want: "text in base64", tags: []string{"!!str"}, valid: func(value string) bool {
			_, err := base64.StdEncoding.DecodeString(value)
			return err == nil
		}}
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		return number
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return integer(32, false)
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return integer(64, false)
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return integer(64, true)
	}
	return integer(32, true)
}
