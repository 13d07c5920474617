/// Bytes as hexadecimal digits.
module iota::hex;

/// The number of digits is odd.
const EInvalidHexLength: u64 = 0;
/// There is something that is no digit.
const ENotValidHexCharacter: u64 = 1;

/// Two digits for each byte, in lower case.
public fun encode(bytes: vector<u8>): vector<u8> {
    let digits = b"0123456789abcdef";
    let mut text = vector[];
    bytes.do_ref!(|byte| {
        text.push_back(digits[(*byte >> 4) as u64]);
        text.push_back(digits[(*byte & 15) as u64]);
    });
    text
}

/// One byte for each two digits, which may be in either case.
public fun decode(hex: vector<u8>): vector<u8> {
    let length = hex.length();
    if (length % 2 == 1) abort EInvalidHexLength;
    vector::tabulate!(length / 2, |i| (decode_byte(hex[2 * i]) << 4) | decode_byte(hex[2 * i + 1]))
}

fun decode_byte(character: u8): u8 {
    if (48 <= character && character <= 57) character - 48
    else if (97 <= character && character <= 102) character - 87
    else if (65 <= character && character <= 70) character - 55
    else abort ENotValidHexCharacter
}
