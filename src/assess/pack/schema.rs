//! The JSON Schema of rule packs, for editors: what `data/schema/rule-pack.schema.json` says.
//! Packs are read by their types alone; tests here hold that the schema says the same as the types, key by key and word by
//! word, and that every shipped pack obeys it.

/// The schema, draft 7.
pub const SCHEMA: &str = include_str!("../../../data/schema/rule-pack.schema.json");

/// Kinds of triggers, as the type itself names them.
#[cfg(test)]
pub(crate) fn trigger_kinds() -> Vec<String> {
    tests::words_of::<super::Trigger>(serde_json::json!({ "kind": "?" }))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde::de::DeserializeOwned;
    use serde_json::{Map, Value, json};

    use super::super::rule::{Figure, Linked};
    use super::super::trigger::{Ages, Paper};
    use super::super::{
        Amount, Basis, BasisVersion, Limitation, LimitationStart, Pack, Party, Per, Rule, Severity, Trigger,
    };
    use super::SCHEMA;
    use crate::case::Region;
    use crate::detect::Mark;
    use crate::detect::settings::Title;
    use crate::message::{Platform, Route};

    /// What a type expects, by its own words: the names in the error for a key or word that it does not know.
    pub(super) fn words_of<T: DeserializeOwned>(wrong: Value) -> Vec<String> {
        let Err(error) = serde_json::from_value::<T>(wrong) else { panic!("what is wrong was taken") };
        let message = error.to_string();
        assert!(message.starts_with("unknown "), "{message}");
        message.split('`').skip(1).step_by(2).skip(1).map(str::to_owned).collect()
    }

    fn schema() -> Value {
        serde_json::from_str(SCHEMA).expect("JSON")
    }

    fn resolved<'s>(root: &'s Value, mut node: &'s Value) -> &'s Value {
        loop {
            let target = node.get("$ref").or_else(|| node.get("allOf")?.get(0)?.get("$ref"));
            let Some(name) = target.and_then(Value::as_str) else { return node };
            node = &root["definitions"][name.strip_prefix("#/definitions/").expect("a definition")];
        }
    }

    /// The least value that the schema allows.
    fn least(root: &Value, node: &Value) -> Value {
        let node = resolved(root, node);
        if let Some(example) = node.get("examples").and_then(|examples| examples.get(0)) {
            return example.clone();
        }
        if let Some(constant) = node.get("const").or_else(|| node.get("enum")?.get(0)) {
            return constant.clone();
        }
        if let Some(first) = node.get("oneOf").and_then(|kinds| kinds.get(0)) {
            return least(root, first);
        }
        match node["type"].as_str().expect("a type") {
            "string" => json!("x"),
            "integer" => json!(1),
            "number" => json!(1.5),
            "array" => {
                let items = node.get("minItems").and_then(Value::as_u64).unwrap_or(0);
                (0..items).map(|_| least(root, &node["items"])).collect()
            }
            "object" => {
                let required = node.get("required").and_then(Value::as_array).into_iter().flatten();
                let keys = required.map(|key| key.as_str().expect("a key"));
                keys.map(|key| (key.to_owned(), least(root, &node["properties"][key]))).collect::<Map<_, _>>().into()
            }
            other => panic!("{other}"),
        }
    }

    /// Holds an object of the schema against its type: the same keys, the same necessary ones, each key of the same form.
    fn same<T: DeserializeOwned>(root: &Value, node: &Value, tag: Option<&str>) {
        let node = resolved(root, node);
        let properties = node["properties"].as_object().expect("properties");
        let smallest = least(root, node);
        let mut wrong = smallest.clone();
        wrong["?"] = json!(0);
        let error = serde_json::from_value::<T>(wrong).err().expect("an unknown key").to_string();
        assert!(error.starts_with("unknown field `?`"), "{error}");
        let typed: BTreeSet<&str> = error.split('`').skip(1).step_by(2).skip(1).collect();
        let told: BTreeSet<&str> = properties.keys().map(String::as_str).filter(|key| Some(*key) != tag).collect();
        assert_eq!(told, typed, "keys of {smallest}");
        assert_eq!(node["additionalProperties"], json!(false), "{smallest}");
        let taken =
            |value: &Value| serde_json::from_value::<T>(value.clone()).map(drop).map_err(|error| error.to_string());
        assert_eq!(taken(&smallest), Ok(()), "{smallest}");
        let required: BTreeSet<&str> =
            node["required"].as_array().expect("required keys").iter().filter_map(Value::as_str).collect();
        for (key, form) in properties {
            let mut value = smallest.clone();
            if required.contains(key.as_str()) {
                value.as_object_mut().expect("an object").remove(key);
                assert!(taken(&value).is_err(), "`{key}` is not necessary: {value}");
            } else {
                value[key] = least(root, form);
                assert_eq!(taken(&value), Ok(()), "{value}");
                value[key] = json!({ "?": { "?": [] } });
                assert!(taken(&value).is_err(), "`{key}` takes anything: {value}");
            }
            assert!(
                Some(key.as_str()) == tag || resolved(root, form).get("description").is_some(),
                "`{key}` is not explained"
            );
        }
    }

    fn same_words<T: DeserializeOwned>(root: &Value, name: &str) {
        let told: Vec<&str> =
            root["definitions"][name]["enum"].as_array().expect("words").iter().filter_map(Value::as_str).collect();
        assert_eq!(told, words_of::<T>(json!("?")), "{name}");
    }

    #[test]
    fn the_schema_says_what_the_types_say() {
        let root = schema();
        let of = |name: &str| root["definitions"][name].clone();
        same::<Pack>(&root, &root, None);
        same::<Rule>(&root, &of("rule"), None);
        same::<Basis>(&root, &of("basis"), None);
        same::<BasisVersion>(&root, &of("basis_version"), None);
        same::<Figure>(&root, &of("figure"), None);
        same::<Amount>(&root, &of("amount"), None);
        same::<Limitation>(&root, &of("limitation"), None);
        same::<Linked>(&root, &of("linked"), None);
        same::<Ages>(&root, &of("ages"), None);
        same::<Title>(&root, &of("title"), None);
        same_words::<Mark>(&root, "mark");
        same_words::<Severity>(&root, "severity");
        same_words::<Party>(&root, "party");
        same_words::<Region>(&root, "region");
        same_words::<Platform>(&root, "platform");
        same_words::<Route>(&root, "route");
        same_words::<Paper>(&root, "paper");
        same_words::<Per>(&root, "per");
        same_words::<Paper>(&root, "paper");
        same_words::<LimitationStart>(&root, "limitation_start");
        let kinds = of("trigger")["oneOf"].as_array().expect("kinds").clone();
        let told: Vec<&str> = kinds.iter().filter_map(|kind| kind["properties"]["kind"]["const"].as_str()).collect();
        assert_eq!(told, super::trigger_kinds());
        for kind in &kinds {
            same::<Trigger>(&root, kind, Some("kind"));
        }
    }

    /// Why a value does not obey the schema; the part of draft 7 that the schema uses, patterns left to the types.
    fn broken(root: &Value, node: &Value, value: &Value, at: &str) -> Option<String> {
        let node = resolved(root, node);
        let fault = |what: &str| Some(format!("{at}: {what}"));
        if let Some(kinds) = node.get("oneOf").and_then(Value::as_array) {
            let fitting = kinds.iter().filter(|kind| broken(root, kind, value, at).is_none()).count();
            return if fitting == 1 { None } else { fault(&format!("{fitting} kinds fit {value}")) };
        }
        if node.get("const").is_some_and(|constant| constant != value) {
            return fault("another word");
        }
        if let Some(words) = node.get("enum").and_then(Value::as_array) {
            return if words.contains(value) { None } else { fault(&format!("no such word: {value}")) };
        }
        let right = match node.get("type").and_then(Value::as_str) {
            Some("string") => value.is_string(),
            Some("integer") => value.is_i64(),
            Some("number") => value.is_number(),
            Some("array") => value.is_array(),
            Some("object") => value.is_object(),
            _ => true,
        };
        if !right {
            return fault(&format!("not of the type: {value}"));
        }
        if let Some(items) = value.as_array() {
            let found = items.iter().enumerate();
            return found
                .filter_map(|(index, item)| broken(root, &node["items"], item, &format!("{at}[{index}]")))
                .next();
        }
        let object = value.as_object()?;
        let required = node.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        if let Some(key) = required.into_iter().find(|key| !object.contains_key(*key)) {
            return fault(&format!("`{key}` is missing"));
        }
        object.iter().find_map(|(key, value)| {
            let at = format!("{at}.{key}");
            match node.get("properties").and_then(|properties| properties.get(key)) {
                Some(form) => broken(root, form, value, &at),
                None if node["additionalProperties"].is_object() => {
                    broken(root, &node["additionalProperties"], value, &at)
                }
                None => Some(format!("{at}: unknown")),
            }
        })
    }

    #[test]
    fn every_shipped_pack_obeys_the_schema_and_a_fault_does_not() {
        let root = schema();
        for (_, text) in super::super::PACKS {
            let value: Value = toml::from_str(text).expect("TOML");
            assert_eq!(broken(&root, &root, &value, ""), None);
            let mut wrong = value.clone();
            wrong["rule"][0]["severity"] = json!("grave");
            assert!(broken(&root, &root, &wrong, "").is_some_and(|told| told.starts_with(".rule[0].severity")));
            let mut wrong = value.clone();
            wrong["rule"][0]["trigger"]["recipient"] = json!(1);
            assert!(broken(&root, &root, &wrong, "").is_some());
        }
    }
}
