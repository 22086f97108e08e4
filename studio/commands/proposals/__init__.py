"""Commands around prompts that are proposed before they are painted."""
