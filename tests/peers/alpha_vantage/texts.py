"""What Alpha Vantage says instead of data, as recorded over the years; all with HTTP status 200.

`{key}` and `{function}` stand where the live texts echo the request.
"""

from types import MappingProxyType

PLANS = "https://www.alphavantage.co/premium/"
DOCUMENTATION = "https://www.alphavantage.co/documentation/"
THANKS = "Thank you for using Alpha Vantage!"
CLAIM = (
    "Please claim your free API key on (https://www.alphavantage.co/support/#api-key). "
    "It should take less than 20 seconds."
)


def information(text):
    return "Information", text


def note(text):
    return "Note", text


def error(text):
    return "Error Message", text


BAD_KEY = {
    "key_invalid_or_missing": error(f"the parameter apikey is invalid or missing. {CLAIM}"),
    "key_is_demo": information(f"The **demo** API key is for demo purposes only. {CLAIM}"),
}
DAY_USED_UP = {
    "day_25": information(
        f"{THANKS} Our standard API rate limit is 25 requests per day. Please subscribe to any of "
        f"the premium plans at {PLANS} to instantly remove all daily rate limits."
    ),
    "day_echoes_key": information(
        "We have detected your API key as {key} and our standard API rate limit is 25 requests "
        f"per day. Please subscribe to any of the premium plans at {PLANS} to instantly remove "
        "all daily rate limits."
    ),
    "day_echoes_key_as_note": note(
        "We have detected your API key as {key} and our standard API rate limit is 25 requests "
        f"per day. Please visit {PLANS} if you would like to target a higher API call frequency."
    ),
    "day_100": information(
        f"{THANKS} You have reached the 100 requests/day limit for your free API key. Please "
        f"subscribe to any of the premium plans at {PLANS} to instantly remove all daily rate "
        "limits."
    ),
}
RATE_LIMITED = {
    "minute_5": note(
        f"{THANKS} Our standard API call frequency is 5 calls per minute and 500 calls per day. "
        f"Please visit {PLANS} if you would like to target a higher API call frequency."
    ),
    "minute_of_a_premium_plan": information(
        "Minute-level rate limit exceed. Please stay under the number of API requests per minute "
        "for your premium subscription plan."
    ),
    "burst_free": information(
        f"{THANKS} Please consider spreading out your free API requests more sparingly (1 request "
        f"per second). You may subscribe to any of the premium plans at {PLANS} to lift the free "
        "key rate limit (25 requests per day), raise the per-second burst limit, and instantly "
        "unlock all premium endpoints"
    ),
    "burst_free_2025": information(
        f"{THANKS} Please consider spreading out your free API requests more sparingly. You may "
        f"subscribe to any of the premium plans at {PLANS} to lift the free key rate limit (25 "
        "requests per day) and instantly unlock all premium endpoints"
    ),
    "burst_premium": information(
        "Burst pattern detected. Please consider spreading out your API requests more evenly "
        "across a 1-minute window and query no more than 30 requests per second."
    ),
    "volume_2018": information(
        f"{THANKS} Please kindly contact support@alphavantage.co if you would like to have a "
        "higher API call volume."
    ),
}
PREMIUM_ONLY = {
    "premium_endpoint": information(
        f"{THANKS} This is a premium endpoint. You may subscribe to any of the premium plans at "
        f"{PLANS} to instantly unlock all premium endpoints"
    ),
    "premium_full": information(
        f"{THANKS} The outputsize=full parameter value is a premium feature for the {{function}} "
        f"endpoint. You may subscribe to any of the premium plans at {PLANS} to instantly unlock "
        "all premium features"
    ),
}
INVALID_CALL = {
    "invalid_call": error(
        f"Invalid API call. Please retry or visit the documentation ({DOCUMENTATION}) for "
        "{function}."
    ),
}
NO_SUCH_FUNCTION = {
    "no_such_function": error("This API function ({function}) does not exist."),
}
UNRECOGNISED = {
    "never_seen": information("The moon is in the seventh house; kindly come back at dawn."),
    "never_seen_error": error("Something about {key} went wrong."),
    "invalid_inputs": information(
        f"Invalid inputs. Please refer to the API documentation {DOCUMENTATION} and try again."
    ),
    "invalid_call_as_information": information("Invalid API call. Please retry."),
}

TEXTS = MappingProxyType(
    {
        **BAD_KEY,
        **DAY_USED_UP,
        **RATE_LIMITED,
        **PREMIUM_ONLY,
        **INVALID_CALL,
        **NO_SUCH_FUNCTION,
        **UNRECOGNISED,
    }
)


def refusal(name, *, key, function):
    """The document of a refusal."""
    said_under, text = TEXTS[name]
    return {said_under: text.replace("{key}", key).replace("{function}", function)}
