/// Text of the 128 ASCII characters, control characters among them, one byte each.
module std::ascii;

public use fun std::string::from_ascii as String.to_string;

/// A byte above 127.
const EInvalidASCIICharacter: u64 = 0x10000;
/// The index lies beyond the text.
const EInvalidIndex: u64 = 0x10001;

public struct String has copy, drop, store {
    bytes: vector<u8>,
}

/// One character.
public struct Char has copy, drop, store {
    byte: u8,
}

// === Making ===

/// The character that `byte` encodes.
public fun char(byte: u8): Char {
    if (!is_valid_char(byte)) abort EInvalidASCIICharacter;
    Char { byte }
}

/// The text that `bytes` spell.
public fun string(bytes: vector<u8>): String {
    if (!bytes.all!(|byte| is_valid_char(*byte))) abort EInvalidASCIICharacter;
    String { bytes }
}

/// The text that `bytes` spell, if they spell one.
public fun try_string(bytes: vector<u8>): Option<String> {
    if (bytes.all!(|byte| is_valid_char(*byte))) option::some(String { bytes }) else option::none()
}

// === Asking ===

/// Does `b` encode a character?
public fun is_valid_char(b: u8): bool { b < 128 }

/// Does `byte` encode a character that one can see, or the space?
public fun is_printable_char(byte: u8): bool { 32 <= byte && byte < 127 }

/// Are all characters printable?
public fun all_characters_printable(string: &String): bool {
    string.bytes.all!(|byte| is_printable_char(*byte))
}

/// Number of characters.
public fun length(string: &String): u64 { string.bytes.length() }

/// Is this the empty text?
public fun is_empty(string: &String): bool { string.bytes.length() == 0 }

/// Where `substr` first begins in `string`; the length of `string` if nowhere.
public fun index_of(string: &String, substr: &String): u64 {
    let (length, wanted) = (string.length(), substr.length());
    let mut start = 0;
    while (start + wanted <= length) {
        let mut equal = 0;
        while (equal < wanted && string.bytes[start + equal] == substr.bytes[equal]) {
            equal = equal + 1;
        };
        if (equal == wanted) return start;
        start = start + 1;
    };
    length
}

// === Changing ===

/// Put `char` behind the last character.
public fun push_char(string: &mut String, char: Char) { string.bytes.push_back(char.byte) }

/// Take the last character off. A vector error if there is none.
public fun pop_char(string: &mut String): Char { Char { byte: string.bytes.pop_back() } }

/// Put `other` behind `string`.
public fun append(string: &mut String, other: String) { string.bytes.append(other.into_bytes()) }

/// Put `o` before character `at`; `at` may also be the end.
public fun insert(s: &mut String, at: u64, o: String) {
    if (at > s.length()) abort EInvalidIndex;
    let mut bytes = s.substring(0, at).into_bytes();
    bytes.append(o.into_bytes());
    bytes.append(s.substring(at, s.length()).into_bytes());
    s.bytes = bytes;
}

// === Other texts from this one ===

/// The characters from `i` up to but not with `j`.
public fun substring(string: &String, i: u64, j: u64): String {
    if (i > j || j > string.length()) abort EInvalidIndex;
    String { bytes: vector::tabulate!(j - i, |k| string.bytes[i + k]) }
}

/// `a` to `z` become `A` to `Z`.
public fun to_uppercase(string: &String): String {
    String { bytes: string.bytes.map_ref!(|byte| char_to_uppercase(*byte)) }
}

/// `A` to `Z` become `a` to `z`.
public fun to_lowercase(string: &String): String {
    String { bytes: string.bytes.map_ref!(|byte| char_to_lowercase(*byte)) }
}

// === Unpacking ===

/// The bytes.
public fun as_bytes(string: &String): &vector<u8> { &string.bytes }

/// Unpack the bytes.
public fun into_bytes(string: String): vector<u8> {
    let String { bytes } = string;
    bytes
}

/// The byte that encodes `char`.
public fun byte(char: Char): u8 {
    let Char { byte } = char;
    byte
}

fun char_to_uppercase(byte: u8): u8 { if (97 <= byte && byte <= 122) byte - 32 else byte }

fun char_to_lowercase(byte: u8): u8 { if (65 <= byte && byte <= 90) byte + 32 else byte }
